// The Key Vault with everything secret. The replicas may read its secrets, and nothing else in it or elsewhere.
@description('Name of the vault; unique in the world, at most 24 characters.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Object id of the identity that may read secrets.')
param readerId string

@description('No public address: reached by a private endpoint only.')
param privateOnly bool

@description('Fernet keys.')
@secure()
param encryptionKeys string

@description('Address of the database with its password.')
@secure()
param databaseUrl string

@description('Client secret of the bot\'s app registration; empty with a managed identity.')
@secure()
param botAppSecret string

@description('Secrets of the vendors by the names of their settings.')
@secure()
param vendorSecrets object

@description('Names in vendorSecrets.')
param vendorSecretNames array

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles: Key Vault Secrets User
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
// Not from the vault's own properties: what a loop makes must be known before anything is deployed.
var secretsAt = 'https://${name}${environment().suffixes.keyvaultDns}/secrets'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, readerId, secretsUser)
  scope: vault
  properties: {
    principalId: readerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

resource keys 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'encryption-keys'
  properties: {
    value: encryptionKeys
  }
}

resource url 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'database-url'
  properties: {
    value: databaseUrl
  }
}

resource appSecret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (!empty(botAppSecret)) {
  parent: vault
  name: 'microsoft-app-password'
  properties: {
    value: botAppSecret
  }
}

resource vendors 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = [for setting in vendorSecretNames: {
  parent: vault
  name: toLower(replace(setting, '_', '-'))
  properties: {
    value: vendorSecrets[setting]
  }
}]

var own = [
  {
    setting: 'ENCRYPTION_KEYS'
    url: '${secretsAt}/encryption-keys'
  }
  {
    setting: 'DATABASE_URL'
    url: '${secretsAt}/database-url'
  }
]
var ofApp = empty(botAppSecret) ? [] : [
  {
    setting: 'MICROSOFT_APP_PASSWORD'
    url: '${secretsAt}/microsoft-app-password'
  }
]
var ofVendors = [for setting in vendorSecretNames: {
  setting: setting
  url: '${secretsAt}/${toLower(replace(setting, '_', '-'))}'
}]

@description('Resource id.')
output id string = vault.id

@description('Name.')
output name string = vault.name

@description('Settings and the addresses of their secrets, which are no secrets themselves.')
output secretUrls array = concat(own, ofApp, ofVendors)
