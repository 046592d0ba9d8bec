// The bot's registration with the Bot Framework, and its channels: Teams, and Microsoft 365 Copilot with Outlook.
@description('Name of the registration; unique in the world.')
param name string

@description('Tags.')
param tags object

@description('Name that Azure shows.')
param displayName string

@description('F0 or S1.')
param sku string

@description('UserAssignedMSI or SingleTenant.')
param identityKind string

@description('Application (client) id of the bot.')
param appId string

@description('With UserAssignedMSI: resource id of the identity.')
param identityId string

@description('Where messages are sent.')
param endpoint string

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  tags: tags
  kind: 'azurebot'
  sku: {
    name: sku
  }
  properties: {
    displayName: displayName
    endpoint: endpoint
    msaAppId: appId
    msaAppType: identityKind
    msaAppTenantId: subscription().tenantId
    msaAppMSIResourceId: empty(identityId) ? null : identityId
    disableLocalAuth: true
    isStreamingSupported: false
    publicNetworkAccess: 'Enabled'
  }
}

resource teams 'Microsoft.BotService/botServices/channels@2022-09-15' = {
  parent: bot
  name: 'MsTeamsChannel'
  location: 'global'
  properties: {
    channelName: 'MsTeamsChannel'
    properties: {
      isEnabled: true
      acceptedTerms: true
      deploymentEnvironment: 'CommercialDeployment'
    }
  }
}

resource microsoft365 'Microsoft.BotService/botServices/channels@2022-09-15' = {
  parent: bot
  name: 'M365Extensions'
  location: 'global'
  properties: {
    channelName: 'M365Extensions'
  }
}

@description('Resource id.')
output id string = bot.id
