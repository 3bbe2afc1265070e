// Files that several components share.
local component = import 'component.libsonnet';
local files = import 'files.libsonnet';
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local t = import 'types.libsonnet';

component({
  kind: 'configmap',
  doc: 'Files that several components share; those of one alone are its parameter `files`. Its hidden field `checksum` changes with them: a component that has it among its `annotations` starts new pods then.',
  notes: [
    |||
      Its name stays the same when its content changes, other than with names that end in a hash: an apply prunes what is no longer
      in the stack before the new pods are ready, and an old pod that is moved meanwhile would look for files that are gone. So it
      is the checksum at the pods which starts new ones. A running pod sees changed files within about a minute.
    |||,
  ],
  parameters: {
    name: t.required(t.name, 'The name.'),
    environment: t.required(t.environment, 'The environment: the entry of ENVS with its name.'),
    partOf: t.optional(t.text, 'What it is a part of, for the label `app.kubernetes.io/part-of`.', function(config) config.name, '`name`'),
    files: t.optional(t.map(t.fileName, t.text), "Texts, such as `importstr 'web.yml'`.", {}),
    binaryFiles: t.optional(t.map(t.fileName, t.list(t.wholeNumber(0, 255))), "Bytes, such as `importbin 'logo.png'`.", {}),
  },
  roles: { configmap: 'always' },
  checks(config)::
    (if config.files == {} && config.binaryFiles == {} then ['must provide files or binaryFiles'] else []) + [
      'binaryFiles.%s must be a name that files has not' % name
      for name in std.objectFields(config.binaryFiles)
      if std.objectHas(config.files, name)
    ] + files.checks(config.files, config.binaryFiles),
  render(config):: {
    configmap: k.configMap(config.name, config.environment.namespace, config.files, labels.all(config.name, config.partOf)) {
      [if config.binaryFiles != {} then 'binaryData']: std.mapWithKey(function(_, bytes) std.base64(bytes), config.binaryFiles),
    },
    checksum:: files.checksum([config.files, config.binaryFiles]),
  },
})
