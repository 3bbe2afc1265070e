// Several files: a field for each.
{
  'first.json': { order: 1 },
  'second.json': { order: 2 },
}
