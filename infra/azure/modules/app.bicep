// The replicas: Container Apps, which end TLS, watch readiness, and start and stop replicas with the load.
@description('Name of the app.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('The image.')
param image string

@description('Host of the registry the identity pulls from; empty for a public image.')
param registryServer string

@description('Resource id of the identity.')
param identityId string

@description('Its client id, for the doors that use the machine\'s identity (AZURE_IDENTITY).')
param identityClientId string

@description('UserAssignedMSI or SingleTenant.')
param botIdentity string

@description('Application id of the bot.')
param botAppId string

@description('With UserAssignedMSI: application id of the registration people sign in to.')
param signInAppId string

@description('The app\'s own address; empty: the one it gets.')
param publicUrl string

@description('Settings and the addresses of their secrets in the Key Vault.')
param secretUrls array

@description('The models.')
param models string

@description('Other settings, nothing secret.')
param settings object

@description('Replicas at least.')
param minReplicas int

@description('Replicas at most.')
param maxReplicas int

@description('Concurrent requests to a replica from which another one starts.')
param requestsPerReplica int

@description('Subnet of the replicas; empty without a network of our own.')
param subnetId string

@description('Replicas in several zones; needs a subnet.')
param zoneRedundant bool

@description('Resource id of the workspace logs go to.')
param workspaceId string

@description('Connection string of Application Insights; empty without.')
param insightsConnection string

@description('The collector\'s image.')
param collectorImage string

var port = 3978
var address = empty(publicUrl) ? 'https://${name}.${environment.properties.defaultDomain}' : publicUrl
var collected = !empty(insightsConnection)

var fixed = [
  {
    name: 'HOST'
    value: '0.0.0.0'
  }
  {
    name: 'PORT'
    value: string(port)
  }
  {
    name: 'PUBLIC_URL'
    value: address
  }
  {
    name: 'MICROSOFT_APP_TYPE'
    value: botIdentity
  }
  {
    name: 'MICROSOFT_APP_ID'
    value: botAppId
  }
  {
    name: 'MICROSOFT_APP_TENANT_ID'
    value: subscription().tenantId
  }
  {
    name: 'MICROSOFT_SIGN_IN_APP_ID'
    value: signInAppId
  }
  {
    name: 'AZURE_CLIENT_ID'
    value: identityClientId
  }
  {
    name: 'MODELS'
    value: models
  }
  {
    name: 'LOG_FORMAT'
    value: 'json'
  }
  {
    name: 'LINGER_SECONDS'
    value: '5'
  }
]
var secret = [for one in secretUrls: {
  name: one.setting
  secretRef: toLower(replace(one.setting, '_', '-'))
}]
var chosen = [for one in items(settings): {
  name: one.key
  value: string(one.value)
}]
var telemetry = collected ? [
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT'
    value: 'http://127.0.0.1:4318'
  }
] : []

var parley = {
  name: 'parley'
  image: image
  resources: {
    cpu: json('1.0')
    memory: '2Gi'
  }
  env: concat(fixed, secret, telemetry, chosen)
  probes: [
    {
      type: 'Startup'
      httpGet: {
        path: '/healthz'
        port: port
      }
      periodSeconds: 2
      failureThreshold: 60
    }
    {
      type: 'Liveness'
      httpGet: {
        path: '/healthz'
        port: port
      }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    }
    {
      type: 'Readiness'
      httpGet: {
        path: '/readyz'
        port: port
      }
      periodSeconds: 5
      timeoutSeconds: 5
      failureThreshold: 2
    }
  ]
}
var collector = {
  name: 'collector'
  image: collectorImage
  args: [
    '--config=env:COLLECTOR_CONFIG'
  ]
  resources: {
    cpu: json('0.25')
    memory: '0.5Gi'
  }
  env: [
    {
      name: 'COLLECTOR_CONFIG'
      value: loadTextContent('collector.yaml')
    }
    {
      name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
      value: insightsConnection
    }
  ]
}

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: '${name}-env'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    vnetConfiguration: empty(subnetId) ? null : {
      infrastructureSubnetId: subnetId
      internal: false
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
    zoneRedundant: zoneRedundant
    peerAuthentication: {
      mtls: {
        enabled: false
      }
    }
  }
}

resource toWorkspace 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource app 'Microsoft.App/containerApps@2025-01-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: port
        transport: 'http'
        allowInsecure: false
      }
      registries: empty(registryServer) ? [] : [
        {
          server: registryServer
          identity: identityId
        }
      ]
      secrets: [for one in secretUrls: {
        name: toLower(replace(one.setting, '_', '-'))
        keyVaultUrl: one.url
        identity: identityId
      }]
    }
    template: {
      // Turns that run are finished or handed over.
      terminationGracePeriodSeconds: 60
      containers: collected ? [
        parley
        collector
      ] : [
        parley
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        rules: [
          {
            name: 'requests'
            http: {
              metadata: {
                concurrentRequests: string(requestsPerReplica)
              }
            }
          }
          // A message is answered 2xx at once and worked on afterwards: requests alone do not show how busy a replica is.
          {
            name: 'processor'
            custom: {
              type: 'cpu'
              metadata: {
                type: 'Utilization'
                value: '70'
              }
            }
          }
        ]
      }
    }
  }
}

@description('Origin of the app.')
output url string = address
