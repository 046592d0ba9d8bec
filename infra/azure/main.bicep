// Parley in one resource group: `az deployment group create -g parley -f infra/azure/main.bicep -p infra/azure/main.bicepparam`.
// README.md beside this file says what it costs in permissions, and what of it nobody has checked.
targetScope = 'resourceGroup'

@description('Beginning of all names. Lower-case letters and digits, so that it fits into every resource\'s rules.')
@minLength(3)
@maxLength(12)
param name string = 'parley'

@description('Azure region of everything but the bot\'s registration, which is global.')
param location string = resourceGroup().location

@description('Tags on every resource, such as an owner or a cost centre.')
param tags object = {}

@description('The image with its tag or, better, its digest, such as contoso.azurecr.io/parley@sha256:...')
param image string

@description('Name of the Azure Container Registry in this resource group that has the image. Empty: the image is public.')
param registryName string = ''

@description('UserAssignedMSI: the bot is a managed identity and there is no secret. SingleTenant: it is the app registration botAppId, with botAppSecret.')
@allowed([
  'UserAssignedMSI'
  'SingleTenant'
])
param botIdentity string = 'UserAssignedMSI'

@description('For SingleTenant: application (client) id of the bot\'s app registration.')
param botAppId string = ''

@description('For SingleTenant: its client secret.')
@secure()
param botAppSecret string = ''

@description('For UserAssignedMSI: application id of the registration people sign in to, which trusts the managed identity by a federated credential.')
param signInAppId string = ''

@description('The bot\'s name in Azure; in Teams the app package names it.')
param displayName string = 'Parley'

@description('F0 is free and enough for Teams; S1 has a service level agreement.')
@allowed([
  'F0'
  'S1'
])
param botSku string = 'F0'

@description('Fernet keys that encrypt what is stored, comma separated; the first encrypts. Make one with `make key`. Whoever loses them loses the data.')
@secure()
param encryptionKeys string

@description('Password of the database. Make a long random one; nobody needs to remember it.')
@secure()
@minLength(20)
param databasePassword string

@description('Parley\'s own address, such as https://parley.contoso.com, once the app has that domain. Empty: the one Azure gives it.')
param publicUrl string = ''

@description('The models in their order: name=door:model, ... See .env.example.')
param models string

@description('Secrets of the vendors by the names of their settings, such as {ANTHROPIC_API_KEY: \'...\'}. They go into the Key Vault.')
@secure()
param vendorSecrets object = {}

@description('Names in vendorSecrets. They stand apart since names of resources must not come from something secret.')
param vendorSecretNames array = []

@description('Any other settings of .env.example by their names, such as {LOG_LEVEL: \'DEBUG\'}. Nothing secret, and none that this deployment sets.')
param settings object = {}

@description('At least one replica always runs: Teams does not wait for a cold start. Two live through the loss of one.')
@minValue(1)
@maxValue(30)
param minReplicas int = 2

@description('How many replicas a busy day may have.')
@minValue(1)
@maxValue(30)
param maxReplicas int = 6

@description('Concurrent requests to a replica from which another one starts.')
@minValue(1)
param requestsPerReplica int = 40

@description('Compute of the database.')
param databaseSku string = 'Standard_B2s'

@description('Tier of that compute.')
@allowed([
  'Burstable'
  'GeneralPurpose'
  'MemoryOptimized'
])
param databaseTier string = 'Burstable'

@description('Days that backups of the database are kept.')
@minValue(7)
@maxValue(35)
param backupDays int = 7

@description('A second database server in another zone that takes over; not with the tier Burstable.')
param databaseHighlyAvailable bool = false

@description('Puts the replicas into a virtual network, and database and Key Vault behind private endpoints without a public address.')
param privateNetwork bool = false

@description('Address range of that network, at least a /22.')
param networkPrefix string = '10.40.0.0/22'

@description('Sends traces and metrics to Application Insights, through a collector beside each replica.')
param insights bool = true

@description('OpenTelemetry Collector with the exporter for Azure Monitor.')
param collectorImage string = 'docker.io/otel/opentelemetry-collector-contrib:0.115.1'

@description('Days that logs and telemetry are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

var suffix = uniqueString(resourceGroup().id, name)
var managed = botIdentity == 'UserAssignedMSI'

module identity 'modules/identity.bicep' = {
  name: '${name}-identity'
  params: {
    name: '${name}-id'
    location: location
    tags: tags
  }
}

module logs 'modules/logs.bicep' = {
  name: '${name}-logs'
  params: {
    name: name
    location: location
    tags: tags
    days: logDays
    insights: insights
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: '${name}-network'
  params: {
    name: '${name}-net'
    location: location
    tags: tags
    prefix: networkPrefix
  }
}

module database 'modules/database.bicep' = {
  name: '${name}-database'
  params: {
    name: '${name}-db-${suffix}'
    location: location
    tags: tags
    password: databasePassword
    sku: databaseSku
    tier: databaseTier
    backupDays: backupDays
    highlyAvailable: databaseHighlyAvailable
    privateOnly: privateNetwork
  }
}

module vault 'modules/vault.bicep' = {
  name: '${name}-vault'
  params: {
    name: take('${name}kv${suffix}', 24)
    location: location
    tags: tags
    readerId: identity.outputs.principalId
    privateOnly: privateNetwork
    encryptionKeys: encryptionKeys
    databaseUrl: 'postgresql://${database.outputs.login}:${uriComponent(databasePassword)}@${database.outputs.host}/${database.outputs.databaseName}?sslmode=require'
    botAppSecret: botAppSecret
    vendorSecrets: vendorSecrets
    vendorSecretNames: vendorSecretNames
  }
}

module databaseEndpoint 'modules/endpoint.bicep' = if (privateNetwork) {
  name: '${name}-database-endpoint'
  params: {
    name: '${name}-db'
    location: location
    tags: tags
    subnetId: privateNetwork ? network.outputs.endpointsSubnetId : ''
    networkId: privateNetwork ? network.outputs.networkId : ''
    targetId: database.outputs.id
    group: 'postgresqlServer'
    zone: 'privatelink.postgres.database.azure.com'
  }
}

module vaultEndpoint 'modules/endpoint.bicep' = if (privateNetwork) {
  name: '${name}-vault-endpoint'
  params: {
    name: '${name}-kv'
    location: location
    tags: tags
    subnetId: privateNetwork ? network.outputs.endpointsSubnetId : ''
    networkId: privateNetwork ? network.outputs.networkId : ''
    targetId: vault.outputs.id
    group: 'vault'
    zone: 'privatelink.vaultcore.azure.net'
  }
}

module registry 'modules/registry.bicep' = if (!empty(registryName)) {
  name: '${name}-registry'
  params: {
    name: registryName
    readerId: identity.outputs.principalId
  }
}

module app 'modules/app.bicep' = {
  name: '${name}-app'
  params: {
    name: name
    location: location
    tags: tags
    image: image
    registryServer: !empty(registryName) ? registry.outputs.server : ''
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    botIdentity: botIdentity
    botAppId: managed ? identity.outputs.clientId : botAppId
    signInAppId: managed ? signInAppId : ''
    publicUrl: publicUrl
    secretUrls: vault.outputs.secretUrls
    models: models
    settings: settings
    minReplicas: minReplicas
    maxReplicas: max(minReplicas, maxReplicas)
    requestsPerReplica: requestsPerReplica
    subnetId: privateNetwork ? network.outputs.appsSubnetId : ''
    zoneRedundant: privateNetwork && minReplicas > 1
    workspaceId: logs.outputs.workspaceId
    insightsConnection: logs.outputs.insightsConnection
    collectorImage: collectorImage
  }
  dependsOn: [
    databaseEndpoint
    vaultEndpoint
  ]
}

module bot 'modules/bot.bicep' = {
  name: '${name}-bot'
  params: {
    name: '${name}-bot-${suffix}'
    tags: tags
    displayName: displayName
    sku: botSku
    identityKind: botIdentity
    appId: managed ? identity.outputs.clientId : botAppId
    identityId: managed ? identity.outputs.id : ''
    endpoint: '${app.outputs.url}/api/messages'
  }
}

@description('Where people\'s browsers and Teams reach Parley.')
output url string = app.outputs.url

@description('Application id of the bot, for the app package (MICROSOFT_APP_ID).')
output botAppId string = managed ? identity.outputs.clientId : botAppId

@description('Object id of the managed identity: the subject of the sign-in registration\'s federated credential, and who gets roles at Azure OpenAI.')
output identityPrincipalId string = identity.outputs.principalId

@description('Host of the database.')
output databaseHost string = database.outputs.host

@description('Name of the Key Vault.')
output vaultName string = vault.outputs.name
