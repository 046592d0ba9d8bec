// Where logs go, and traces and metrics. Parley writes no content of messages into either.
@description('Beginning of the names.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Days that everything is kept.')
param days int

@description('Whether there is an Application Insights.')
param insights bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: days
    features: {
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = if (insights) {
  name: '${name}-insights'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableIpMasking: false
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('Connection string of Application Insights: an address with a write-only key. Empty without.')
output insightsConnection string = insights ? component.properties.ConnectionString : ''
