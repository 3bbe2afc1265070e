// What becomes of `$(…)` in values: only a value that is nothing else is one of Bazel's variables.
function(around, command, cron, escaped, two, code, whole) {
  around: around,
  command: command,
  cron: cron,
  escaped: escaped,
  two: two,
  code: code,
  external: std.extVar('external'),
  whole: std.member(['fastbuild', 'opt', 'dbg'], whole),
}
