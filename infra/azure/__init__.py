"""What runs Parley in Azure and registers it in Entra. Nothing of the product imports it."""
