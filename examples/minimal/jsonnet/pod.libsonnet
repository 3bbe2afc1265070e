error 'a decoy: the jsonnet/ of the main workspace was read'
