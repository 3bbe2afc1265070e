// Where runbooks are: pages of the repository, or addresses.
local isAddress(page) = std.length(std.findSubstr('://', page)) > 0;

{
  // Returns whether it is an address, and no path in the repository.
  isAddress(page):: isAddress(page),

  // Returns the address of a page of the repository in an environment that says where those are, else its path. An address is one.
  at(environment, page):: if isAddress(page) then page else std.get(environment, 'runbooks', '') + page,
}
