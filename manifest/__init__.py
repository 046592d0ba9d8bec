"""The Teams app package: manifest, translations and icons, made from the code and the settings. See README.md here."""
