// One private endpoint with its name in the network's own DNS.
@description('Beginning of the names.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Subnet the endpoint gets its address in.')
param subnetId string

@description('Network that finds it by name.')
param networkId string

@description('Resource it leads to.')
param targetId string

@description('Which of that resource\'s services.')
param group string

@description('DNS zone that service\'s private names are in.')
param zone string

resource dns 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zone
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: dns
  name: '${name}-link'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${name}-endpoint'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: group
        properties: {
          privateLinkServiceId: targetId
          groupIds: [
            group
          ]
        }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: group
        properties: {
          privateDnsZoneId: dns.id
        }
      }
    ]
  }
}

@description('Resource id of the endpoint.')
output id string = endpoint.id
