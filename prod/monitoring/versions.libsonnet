// The versions of the programs in the images, by which the operator chooses their flags: those that the modules are locked to.

// Returns the version of `module` in the text of a go.mod.
local versionOf(module, text) =
  local found = [
    std.split(line, ' ')[1]
    for whole in std.split(text, '\n')
    for line in [std.stripChars(whole, ' \t')]
    if std.startsWith(line, module + ' v')
  ];
  assert std.length(found) == 1 : '%s must be required once in its go.mod, got %s' % [module, found];
  found[0];

// Prometheus 3.15.0 is the module v0.315.0.
local ofPrometheus(version) =
  local parts = std.map(std.parseInt, std.split(std.lstripChars(version, 'v'), '.'));
  'v%d.%d.%d' % [std.floor(parts[1] / 100), parts[1] % 100, parts[2]];

{
  alertmanager: versionOf('github.com/prometheus/alertmanager', importstr 'third_party/go/alertmanager/go.mod'),
  prometheus: ofPrometheus(versionOf('github.com/prometheus/prometheus', importstr 'third_party/go/prometheus/go.mod')),
}
