// What was probably meant, for messages about names that are not known.

// How many letters must be added, taken away or changed to make one of the other (Levenshtein).
local distance(a, b) =
  local row(previous, letter) = std.foldl(
    function(done, j) done + [std.min(
      std.min(done[j] + 1, previous[j + 1] + 1),
      previous[j] + (if b[j] == letter then 0 else 1),
    )],
    std.range(0, std.length(b) - 1),
    [previous[0] + 1],
  );
  local last = std.foldl(row, std.stringChars(a), std.range(0, std.length(b)));
  last[std.length(b)];

// Returns the one of `known` that was probably meant by `name`; null where none is known.
function(name, known)
  local ranked = std.sort([{ name: one, distance: distance(name, one) } for one in known], function(one) one.distance);
  if ranked == [] then null else ranked[0].name
