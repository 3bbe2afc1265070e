// Shows every way in which values come in.
local byImports = import 'greeting.libsonnet';
local generated = import 'tools/jsonnet/tests/generated.json';
local byRoot = import 'tools/jsonnet/tests/lib/greeting.libsonnet';

function(name, replicas, settings, note) {
  greeting: byRoot.greet(name),
  sameLibrary: byImports.text == byRoot.text,
  replicas: replicas,
  settings: settings,
  note: note,
  extText: std.extVar('text'),
  extCode: std.extVar('code'),
  extFile: std.extVar('file'),
  extCodeFile: std.extVar('codeFile').greeting,
  expanded: std.member(['fastbuild', 'opt', 'dbg'], std.extVar('mode')),
  stamped: std.length(std.extVar('host')) > 0 && std.extVar('host') != '{BUILD_HOST}',
  notStamped: std.extVar('braces'),
  generated: generated,
}
