// What BUILD files of the old rule sets may have that is not taken here.

/** A row of the table. */
export interface Row {
  /** The BUILD file of a package `shop`, without its load lines. */
  readonly build: string;
  /** Likewise, of the other attributes that the row names: Bazel must say that they are not taken. Default: none. */
  readonly others?: readonly string[];
  /** What Bazel says of each of `others`. Default: {@link NOT_TAKEN}. */
  readonly otherSays?: string;
  /** What Bazel must print. */
  readonly says: readonly string[];
}

/** What Bazel is asked to build. */
export const TARGET = '//shop:x';

/** Where each rule comes from. */
export const LOADS = `load("@fathom//tools/go:defs.bzl", "go_image")
load("@fathom//tools/java:defs.bzl", "java_image")
load("@fathom//tools/jsonnet:defs.bzl", "jsonnet_to_json", "jsonnet_to_json_test")
load("@fathom//tools/k8s:defs.bzl", "k8s_object", "k8s_objects")
load("@fathom//tools/nodejs:defs.bzl", "nodejs_image")
load("@fathom//tools/oci:defs.bzl", "container_bundle", "container_flatten", "container_image", "container_import")
load("@fathom//tools/oci:defs.bzl", "container_layer", "container_push", "container_run_and_commit", "container_test")
load("@fathom//tools/oci:defs.bzl", "container_run_and_extract", "docker_build")
load("@fathom//tools/python:defs.bzl", "py3_image", "py_image")
load("@fathom//tools/ts:defs.bzl", "nodejs_binary", "nodejs_test", "ts_library", "ts_project")
load("@shop_object//:defaults.bzl", "shop_object")
`;

const call = (rule: string, ...attributes: readonly string[]): string =>
  `${rule}(\n    name = "x",\n${attributes.map((attribute) => `    ${attribute},\n`).join('')})\n`;
const image = (...attributes: readonly string[]): string => call('container_image', ...attributes);
const push = (...attributes: readonly string[]): string =>
  call('container_push', 'image = ":image"', 'registry = "registry.example.com"', 'repository = "x"', ...attributes);
const object = (...attributes: readonly string[]): string => call('k8s_object', 'template = "x.yaml"', ...attributes);

const chosen = (value: string): string => `select({"//conditions:default": ${value}})`;

const calls = (rule: string, ...attributes: readonly string[]): readonly string[] =>
  attributes.map((attribute) => call(rule, attribute));

/** What Bazel says of each of {@link Row.others}, unless the row has something else. */
export const NOT_TAKEN = 'must not be given to';

/** What is wrong, as docs/from_rules_k8s.md says it → a BUILD file of which Bazel must say so. */
export const REFUSED: Readonly<Record<string, Row>> = {
  'an attribute that a rule does not have, but for those of rules_jsonnet': {
    build: image('entrypont = ["/bin/x"]'),
    says: [
      '//shop:x: \'entrypont\' must be an attribute of container_image, got entrypont = ["/bin/x"]',
      'entrypoint, ',
    ],
  },
  'an attribute that a rule of rules_jsonnet does not have': {
    build: call('jsonnet_to_json', 'src = "x.jsonnet"', 'outs = ["a.json"]', 'tla_strings = {"a": "b"}'),
    says: ["//shop:x: no such attribute 'tla_strings' in 'jsonnet_to_json' rule"],
  },
  'an attribute of a wrong type': {
    build: image('ports = "8080"'),
    says: ['//shop:x: \'ports\' must be a list, got "8080" (string)'],
  },
  'a `select` of what a macro must know': {
    build: object(`images = ${chosen('{"registry.example.com/x:1": ":image"}')}`),
    others: [
      object(`env = ${chosen('"dev"')}`),
      call('k8s_objects', 'objects = []', `stack = ${chosen('"x"')}`),
      ...['binary', 'chdir', 'entry_point', 'launcher'].map((text) =>
        call('nodejs_image', `${text} = ${chosen('"x"')}`),
      ),
      ...['layers', 'srcs', 'templated_args'].map((list) => call('nodejs_image', `${list} = ${chosen('[]')}`)),
      call('nodejs_image', `env = ${chosen('{}')}`),
      ...['repository', 'tag_name', 'launcher'].map((text) => image(`${text} = ${chosen('"x"')}`)),
      image('launcher = ":x"', `file_paths = ${chosen('{}')}`),
      ...calls('py_image', `entry_point = ${chosen('"x.py"')}`, `env = ${chosen('{}')}`, `srcs = ${chosen('[]')}`),
      ...calls('go_image', `binary = ${chosen('":x"')}`, `binary = ":x", program = ${chosen('"x"')}`),
      call('ts_project', 'srcs = []', `extends = ${chosen('":x.json"')}`),
    ],
    otherSays: 'without select',
    says: ["//shop:x: 'images' must be a dict without select, got select(", 'choose between them by an alias'],
  },
  'two attributes that are wrong': {
    build: image('env = ["A=b"]', 'labels = "x"'),
    says: ["//shop:x: 'env' must be a dict", "//shop:x: 'labels' must be a dict"],
  },
  '`container_bundle`': {
    build: call('container_bundle', 'images = {"x": ":image"}'),
    says: ['//shop:x: container_bundle is left out', "Use oci_load with 'repo_tags'"],
  },
  '`container_flatten`': {
    build: call('container_flatten', 'image = ":image"'),
    says: ['//shop:x: container_flatten is left out', 'Use oci_tarball'],
  },
  '`container_import`': {
    build: call('container_import', 'config = "x.yaml"', 'layers = []'),
    says: ['//shop:x: container_import is left out', 'Use oci_pull'],
  },
  '`container_run_and_commit`, `container_run_and_extract`': {
    build: call('container_run_and_commit', 'image = ":image.tar"', 'commands = ["true"]'),
    says: ['//shop:x: container_run_and_commit is left out', 'It needs a daemon'],
  },
  '`docker_build`': {
    build: call('docker_build', 'path = "."'),
    says: ['//shop:x: docker_build is left out', 'It needs a daemon'],
  },
  '`container_test`': {
    build: call('container_test', 'image = ":image"'),
    says: ['//shop:x: container_test is left out', 'Use oci_image_test'],
  },
  '`nodejs_binary`': {
    build: call('nodejs_binary', 'entry_point = ":main.js"'),
    says: ['//shop:x: nodejs_binary is left out', 'Use ts_binary'],
  },
  '`nodejs_test`': {
    build: call('nodejs_test', 'entry_point = ":main.js"'),
    says: ['//shop:x: nodejs_test is left out', 'Use ts_test'],
  },
  '`py3_image`': {
    build: call('py3_image', 'main = "main.py"', 'srcs = ["main.py"]'),
    says: ['//shop:x: py3_image is left out', "Use py_image, whose 'entry_point' is what was 'main'"],
  },
  '`main`, `imports` and versions of `py_image`': {
    build: call('py_image', 'main = "main.py"', 'srcs = ["main.py"]'),
    others: calls(
      'py_image',
      'imports = ["."]',
      'python_version = "PY3"',
      'srcs_version = "PY3"',
      'legacy_create_init = 1',
    ),
    says: ["//shop:x: 'main' must not be given to py_image here", "Use 'entry_point'"],
  },
  'what compiles a program, of `java_image`': {
    build: call('java_image', 'main_class = "x.Main"', 'srcs = ["Main.java"]'),
    others: ['runtime_deps', 'resources', 'classpath_resources', 'plugins', 'javacopts'].map((attribute) =>
      call('java_image', 'main_class = "x.Main"', `${attribute} = ["x"]`),
    ),
    says: ["//shop:x: 'srcs' must not be given to java_image here", 'Give it to a java_library'],
  },
  'what compiles a program, of `go_image`': {
    build: call('go_image', 'srcs = ["main.go"]', 'importpath = "x"'),
    others: ['deps', 'embed', 'gc_linkopts', 'goarch', 'goos', 'pure', 'static', 'x_defs'].map((attribute) =>
      call('go_image', `${attribute} = "x"`),
    ),
    says: ["//shop:x: 'srcs' must not be given to go_image here", 'Give it to a go_binary'],
  },
  '`go_image` without a `binary`': {
    build: call('go_image', 'ports = ["80"]'),
    says: ["//shop:x: 'binary' must be given, got None", 'Name a go_binary'],
  },
  '`env` of `container_layer`': {
    build: call('container_layer', 'env = {"A": "b"}'),
    says: ["//shop:x: 'env' must not be given to container_layer here", 'Give it to the images that have the layer'],
  },
  '`null_cmd`, `null_entrypoint` of `container_image`': {
    build: image('null_cmd = True'),
    others: calls('container_image', 'null_entrypoint = True'),
    says: ["//shop:x: 'null_cmd' must not be given to container_image here", 'Write cmd = []'],
  },
  '`compression_options` of `container_image` that are no level': {
    build: image('files = ["x.yaml"]', 'compression_options = ["--rsyncable"]'),
    says: ['\'compression_options\' must be a level such as "-9", got "--rsyncable"'],
  },
  '`insecure_repository` of `container_push`': {
    build: push('insecure_repository = True'),
    says: [
      "//shop:x: 'insecure_repository' must not be given to container_push here",
      'the registry of a running cluster',
    ],
  },
  '`format` of `container_push` that is none': {
    build: push('format = "docker"'),
    says: ['//shop:x: \'format\' must be one of Docker, OCI, got "docker"'],
  },
  '`entry_point` of `nodejs_image` that nothing has': {
    build: call('nodejs_image', 'entry_point = ":main.js"', 'data = ["x.yaml"]'),
    says: ["//shop:x: 'entry_point' must be a source of the program, or a file in 'data', got shop/main.js"],
  },
  '`entry_point` of `nodejs_image` that is no source': {
    build: call('nodejs_image', 'entry_point = ":main"'),
    says: ['//shop:x: \'entry_point\' must be a TypeScript or JavaScript source, got ":main"'],
  },
  '`templated_args` of `nodejs_image` with `$` or `--node_options=`': {
    build: call('nodejs_image', 'entry_point = ":main.js"', 'templated_args = ["--node_options=--expose-gc"]'),
    says: ["//shop:x: 'templated_args' must be plain words", "give arguments of node as 'node_options'"],
  },
  '`configuration_env_vars` of `nodejs_image`': {
    build: call('nodejs_image', 'configuration_env_vars = ["STAGE"]'),
    says: ["//shop:x: 'configuration_env_vars' must not be given to nodejs_image here", 'env = {"NAME": "$(NAME)"}'],
  },
  '`entrypoint`, `cmd` of `nodejs_image`': {
    build: call('nodejs_image', 'entrypoint = ["/bin/x"]'),
    others: calls('nodejs_image', 'cmd = ["x"]'),
    says: ["//shop:x: 'entrypoint' must not be given to nodejs_image here", "Use 'entry_point'"],
  },
  '`out_dir`, `root_dir`, `declaration_dir` of `ts_project`': {
    build: call('ts_project', 'out_dir = "dist"'),
    others: calls('ts_project', 'root_dir = "src"', 'declaration_dir = "types"'),
    says: ["//shop:x: 'out_dir' must not be given to ts_project here", 'outputs lie beside the sources'],
  },
  '`allow_js` of `ts_project`': {
    build: call('ts_project', 'allow_js = True'),
    says: ["//shop:x: 'allow_js' must not be given to ts_project here", "Give JavaScript as 'data'"],
  },
  '`emit_declaration_only`, `no_emit`, `preserve_jsx` of `ts_project`': {
    build: call('ts_project', 'no_emit = True'),
    others: calls('ts_project', 'emit_declaration_only = True', 'preserve_jsx = True'),
    says: ["//shop:x: 'no_emit' must not be given to ts_project here", 'a build of the target checks its types'],
  },
  '`args`, `validator`, `generate_trace`, `declaration_transpiler` of `ts_project`': {
    build: call('ts_project', 'args = ["--strict"]'),
    others: calls('ts_project', 'validator = ":v"', 'generate_trace = True', 'declaration_transpiler = ":t"'),
    says: ["//shop:x: 'args' must not be given to ts_project here", 'Set options in a tsconfig.json'],
  },
  '`extends` of `ts_project` that is of another repository, beside a dict as `tsconfig`': {
    build: call('ts_project', 'srcs = []', 'tsconfig = {}', 'extends = "@base//:tsconfig.json"'),
    says: [
      "//shop:x: 'extends' must be a file of this workspace where 'tsconfig' is a dict, got \"@base//:tsconfig.json\"",
    ],
  },
  '`assets` of `ts_project`': {
    build: call('ts_project', 'assets = ["x.css"]'),
    says: ["//shop:x: 'assets' must not be given to ts_project here", "Give files as 'data'"],
  },
  '`module_name`, `module_root`, `package_name`, `package_path` of `ts_library`': {
    build: call('ts_library', 'module_name = "@shop/x"'),
    others: calls('ts_library', 'module_root = "src"', 'package_name = "x"', 'package_path = "x"'),
    says: ["//shop:x: 'module_name' must not be given to ts_library here", 'Import its sources by their paths'],
  },
  '`devmode_…`, `prodmode_…` of `ts_library`': {
    build: call('ts_library', 'devmode_target = "es5"'),
    others: calls('ts_library', 'devmode_module = "umd"', 'prodmode_target = "es5"', 'prodmode_module = "esnext"'),
    says: ["//shop:x: 'devmode_target' must not be given to ts_library here", "give that as 'tsconfig'"],
  },
  '`expected_diagnostics` of `ts_library`': {
    build: call('ts_library', 'expected_diagnostics = ["TS2322"]'),
    says: ["//shop:x: 'expected_diagnostics' must not be given to ts_library here", '// @ts-expect-error'],
  },
  '`angular_assets`, `use_angular_plugin`, `compiler`, `runtime_deps` of `ts_library`': {
    build: call('ts_library', 'use_angular_plugin = True'),
    others: calls('ts_library', 'angular_assets = ["x"]', 'compiler = ":tsc"', 'runtime_deps = [":x"]'),
    says: ["//shop:x: 'use_angular_plugin' must not be given to ts_library here", "Angular's own tools"],
  },
  '`image_targets`, `image_target_strings`, `resolved`, `reversed` of `k8s_object`': {
    build: object('image_targets = [":image"]'),
    others: [object('image_target_strings = ["x"]'), object('resolved = {"a": "b"}'), object('reversed = True')],
    says: ["//shop:x: 'image_targets' must not be given to k8s_object here", "images are named by 'images' alone"],
  },
  '`resolver_args` of `k8s_object` without a `resolver`': {
    build: object('resolver_args = ["--allow_unused_images"]'),
    says: ["//shop:x: 'resolver_args' must be given beside 'resolver'", "remove these from 'images'"],
  },
  '`cluster`, `context`, `user`, `kubeconfig`, `images` of `k8s_objects`': {
    build: call('k8s_objects', 'objects = []', 'cluster = "c"'),
    others: calls(
      'k8s_objects',
      'context = "c", objects = []',
      'user = "u", objects = []',
      'kubeconfig = ":k", objects = []',
      'images = {"a": ":b"}, objects = []',
    ),
    says: ["//shop:x: 'cluster' must not be given to k8s_objects here", 'Give it to the objects'],
  },
  'an attribute that `k8s_defaults` sets': {
    build: call('shop_object', 'template = "x.yaml"', 'namespace = "other"'),
    says: ["//shop:x: Cannot override 'namespace': shop_object sets it to 'shop', got 'other'"],
  },
  'an attribute of `k8s_object` that there is not, through `k8s_defaults`': {
    build: call('shop_object', 'template = "x.yaml"', 'replicas = 2'),
    says: ["//shop:x: 'replicas' must be an attribute of k8s_object, got replicas = 2"],
  },
  'an image of `k8s_object` that is not in the template (`K8S_IMAGE_UNUSED`)': {
    build: `${image('files = ["x.yaml"]').replace('"x"', '"image"')}\n${object('images = {"registry.example.com/other:1": ":image"}')}`,
    says: [
      'K8S_IMAGE_UNUSED',
      "//shop:x: shop/x.yaml has no string 'registry.example.com/other:1'",
      'remove it from images',
    ],
  },
  '`kind` of `k8s_object` that the template is not (`K8S_KIND_MISMATCH`)': {
    build: object('kind = "deployment"'),
    says: ['//shop:x', 'ConfigMap'],
  },
  '`out_dir` of `jsonnet_to_json` beside `outs`': {
    build: call('jsonnet_to_json', 'src = "x.jsonnet"', 'outs = ["a.json"]', 'out_dir = "a"'),
    says: ["'out_dir' must stand alone, got 'outs'"],
  },
  '`ext_str_file_vars` of `jsonnet_to_json` that are fewer or more than `ext_str_files`': {
    build: call('jsonnet_to_json', 'src = "x.jsonnet"', 'outs = ["a.json"]', 'ext_str_files = ["x.yaml"]'),
    says: ["'ext_str_file_vars' must have one name for each of 'ext_str_files', got 0 for 1"],
  },
};
