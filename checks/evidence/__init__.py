"""Evidence that stays valid however often one looks: bets, their growth, and the two folds that gates rest on."""
