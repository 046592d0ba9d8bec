"""The admin page: what Parley does, costs and fails at, for the administrators' group only. No word of what people wrote."""
