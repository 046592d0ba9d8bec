"""Where everything that runs comes from: a bill of materials, known vulnerabilities, licences. Nothing of it is imported by the product."""
