// Says what is owed.
{ name: error 'the shop has no name' }
