// An example; copy it, and keep nothing secret in it: secrets come from the shell's environment when it is deployed.
using './main.bicep'

param name = 'parley'
param image = 'contoso.azurecr.io/parley:1.0.0'
param registryName = 'contoso'
param botIdentity = 'UserAssignedMSI'
param signInAppId = '00000000-0000-0000-0000-000000000000'
param models = 'claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6'
param vendorSecretNames = [
  'ANTHROPIC_API_KEY'
  'OPENAI_API_KEY'
]
param vendorSecrets = {
  ANTHROPIC_API_KEY: readEnvironmentVariable('ANTHROPIC_API_KEY')
  OPENAI_API_KEY: readEnvironmentVariable('OPENAI_API_KEY')
}
param encryptionKeys = readEnvironmentVariable('ENCRYPTION_KEYS')
param databasePassword = readEnvironmentVariable('PARLEY_DATABASE_PASSWORD')
param privateNetwork = true
param settings = {
  LOG_LEVEL: 'INFO'
}
