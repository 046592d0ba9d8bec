// The right to pull from a container registry that is there already, and no other right there.
@description('Name of the registry, in this resource group.')
param name string

@description('Object id of the identity that may pull.')
param readerId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles: AcrPull
var pull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: name
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, readerId, pull)
  scope: registry
  properties: {
    principalId: readerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', pull)
  }
}

@description('Its host.')
output server string = registry.properties.loginServer
