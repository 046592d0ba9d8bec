// Who the replicas are: what reads the Key Vault and the registry and, by choice, the bot itself. There is nothing to leak.
@description('Name of the identity.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Object id, to which roles are given.')
output principalId string = identity.properties.principalId

@description('Application (client) id.')
output clientId string = identity.properties.clientId
