"""What packages the product for places that are not Azure. Nothing of it is imported by the product."""
