// Secrets whose values are no part of the manifest: references, which the engine fills in when it applies.
local k = import 'kubernetes.libsonnet';

local encodings = ['url', 'base64'];

local withEncoding(encode) =
  assert encode == null || std.member(encodings, encode) : 'secret: encode must be one of %s, got %s' % [std.join(', ', encodings), encode];
  if encode == null then '' else '?encode=' + encode;

// What an address would read as something else.
local escaped(text) = std.foldl(
  function(left, pair) std.strReplace(left, pair[0], pair[1]),
  [['%', '%25'], ['#', '%23'], ['?', '%3F'], ['{', '%7B'], ['}', '%7D'], [' ', '%20']],
  text,
);

local reference(address) = '${fathom-secret://' + address + '}';

{
  // An entry of a file that sops has encrypted: its path from the workspace's root, which is among the `secrets` of the
  // k8s_object, and its keys joined by dots. encode: how it is written into a text around it, 'url' or 'base64'.
  sops(path, entry, encode=null):: reference('sops/' + escaped(path) + withEncoding(encode) + '#' + escaped(entry)),

  // A variable of the environment in which the engine runs.
  env(name, encode=null):: reference('env/' + name + withEncoding(encode)),

  // A file of the machine on which the engine runs: an absolute path, or one below the workspace, which is not in git.
  // entry: a value of a YAML or JSON file; the whole file where there is none.
  file(path, entry=null, encode=null):: reference(
    'file/' + escaped(path) + withEncoding(encode) + (if entry == null then '' else '#' + escaped(entry)),
  ),

  // A value that the engine makes at the first apply, and that the Secret `name` of the same namespace keeps under `key`:
  // there it must be all of the text.
  generated(name, key, encode=null):: reference('generated/' + name + withEncoding(encode) + '#' + escaped(key)),

  // A Secret. values: key → reference, or a text with references in it; type: of the Secret.
  object(name, namespace, values, labels={}, type='Opaque'):: k.object('v1', 'Secret', name, namespace, labels) {
    type: type,
    stringData: values,
  },
}
