// PostgreSQL. Parley signs in with a password that stands in the Key Vault only, since DATABASE_URL has no other way.
@description('Name of the server; unique in the world.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Password of the login.')
@secure()
param password string

@description('Compute.')
param sku string

@description('Its tier.')
param tier string

@description('Days that backups are kept.')
param backupDays int

@description('A second server in another zone.')
param highlyAvailable bool

@description('No public address: reached by a private endpoint only.')
param privateOnly bool

var login = 'parley'

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: sku
    tier: tier
  }
  properties: {
    version: '17'
    administratorLogin: login
    administratorLoginPassword: password
    authConfig: {
      activeDirectoryAuth: 'Disabled'
      passwordAuth: 'Enabled'
    }
    storage: {
      storageSizeGB: 32
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: backupDays
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: highlyAvailable ? 'ZoneRedundant' : 'Disabled'
    }
    network: {
      publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    }
  }
}

resource parley 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: 'parley'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

// Without a network of our own the replicas have no fixed address: then this lets in what runs in Azure, and the password decides.
resource azure 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = if (!privateOnly) {
  parent: server
  name: 'azure'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
  // The server takes one change at a time.
  dependsOn: [
    parley
  ]
}

@description('Resource id of the server.')
output id string = server.id

@description('Its host.')
output host string = server.properties.fullyQualifiedDomainName

@description('Its login.')
output login string = login

@description('The database in it.')
output databaseName string = parley.name
