"""What model calls cost and may cost: prices, budgets, and the words for both. Arithmetic only; the store counts."""
