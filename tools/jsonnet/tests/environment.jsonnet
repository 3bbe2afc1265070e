// The one variable that every action has.
function(PATH) {
  argument: std.startsWith(PATH, '/'),
  both: std.extVar('PATH') == PATH,
}
