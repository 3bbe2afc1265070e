WORD = "said"
