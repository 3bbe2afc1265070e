// What a parameter may be. A type has `is` (the end of "must be …"), `problems(path, value)` (a list of sentences) and
// `resolve(value)` (the value with the defaults of its fields).
local nearest = import 'nearest.libsonnet';

local LOWER = 'abcdefghijklmnopqrstuvwxyz';
local DIGITS = '0123456789';
local FACTORS = {
  [unit[0]]: unit[1]
  for unit in [
    ['n', 1e-9],
    ['u', 1e-6],
    ['m', 1e-3],
    ['', 1],
    ['k', 1e3],
    ['M', 1e6],
    ['G', 1e9],
    ['T', 1e12],
    ['P', 1e15],
    ['E', 1e18],
    ['Ki', 1024],
    ['Mi', 1048576],
    ['Gi', 1073741824],
    ['Ti', 1099511627776],
    ['Pi', 1125899906842624],
    ['Ei', 1152921504606846976],
  ]
};

// Nothing is left of such a text when its letters are taken away from its beginning on.
local consistsOf(text, letters) = std.lstripChars(text, letters) == '';
local isWhole(value) = std.isNumber(value) && std.floor(value) == value;

// A value as it is shown in a message: short, on one line.
local shown(value) =
  local text = if std.isFunction(value) then 'a function' else std.manifestJsonMinified(value);
  if std.length(text) > 60 then std.substr(text, 0, 57) + '...' else text;

// A type whose values are told by one condition.
local simple(is, accepts) = {
  is: is,
  problems(path, value):: if accepts(value) then [] else ['%s must be %s, got %s' % [path, is, shown(value)]],
  resolve(value):: value,
};

// The number of a quantity and its unit, such as ['1.5', 'Gi'].
local split(quantity) =
  local text = '' + quantity;
  local unit = std.lstripChars(text, DIGITS + '.');
  [std.substr(text, 0, std.length(text) - std.length(unit)), unit];

local isQuantity(value) =
  (std.isNumber(value) && value >= 0) ||
  (std.isString(value) &&
   local parts = split(value);
   consistsOf(std.strReplace(parts[0], '.', ''), DIGITS) && std.length(std.findSubstr('.', parts[0])) <= 1 &&
   std.length(std.strReplace(parts[0], '.', '')) > 0 && std.objectHas(FACTORS, parts[1]));

local amount(quantity) =
  local parts = split(quantity);
  local numbers = std.split(parts[0], '.');
  local fraction = if std.length(numbers) == 1 then '' else numbers[1];
  if std.isNumber(quantity) then quantity
  else std.parseInt('0' + numbers[0] + fraction) / std.pow(10, std.length(fraction)) * FACTORS[parts[1]];

// A label of DNS that begins with a letter, as names of Services must.
local isName(most) = function(value)
  std.isString(value) && value != '' && std.length(value) <= most && consistsOf(value, LOWER + DIGITS + '-') &&
  consistsOf(value[0], LOWER) && value[std.length(value) - 1] != '-';

local isPortName(value) =
  std.isString(value) && value != '' && std.length(value) <= 15 && consistsOf(value, LOWER + DIGITS + '-') &&
  !consistsOf(value, DIGITS + '-') && std.stripChars(value, '-') == value && std.findSubstr('--', value) == [];

local isHost(value) =
  local labels = std.split(value, '.');
  std.isString(value) && std.length(value) <= 253 && std.length(labels) > 1 &&
  std.all([
    label != '' && std.length(label) <= 63 && consistsOf(label, LOWER + DIGITS + '-') && std.stripChars(label, '-') == label
    for label in (if labels[0] == '*' then labels[1:] else labels)
  ]);

// The path of a field: `ports.grpc`.
local below(path, field) = if path == '' then field else path + '.' + field;

{
  nothing:: simple('null', function(value) value == null),
  boolean:: simple('true or false', std.isBoolean),
  text:: simple('a text', std.isString),
  filledText:: simple('a text that is not empty', function(value) std.isString(value) && std.stripChars(value, ' \n') != ''),
  number:: simple('a number', std.isNumber),
  object:: simple('an object', std.isObject),
  // A list whose items are `item`.
  list(item):: {
    is: 'a list, each item ' + item.is,
    [if std.objectHas(item, 'parameters') then 'parameters']: item.parameters,
    problems(path, value)::
      if !std.isArray(value) then ['%s must be a list, got %s' % [path, shown(value)]]
      else std.flattenArrays(std.mapWithIndex(function(index, one) item.problems('%s[%d]' % [path, index], one), value)),
    resolve(value):: std.map(item.resolve, value),
  },
  // An object whose names are `key` and whose values are `value`.
  map(key, item):: {
    is: '%s → %s' % [key.is, item.is],
    [if std.objectHas(item, 'parameters') then 'parameters']: item.parameters,
    problems(path, value)::
      if !std.isObject(value) then ['%s must be an object, got %s' % [path, shown(value)]]
      else std.flattenArrays([
        key.problems('a name in %s' % path, name) + item.problems(below(path, name), value[name])
        for name in std.objectFields(value)
      ]),
    resolve(value):: std.mapWithKey(function(_, one) item.resolve(one), value),
  },
  // One of several types.
  either(types):: {
    is: std.join(' or ', [type.is for type in types]),
    problems(path, value)::
      if std.any([type.problems(path, value) == [] for type in types]) then []
      else ['%s must be %s, got %s' % [path, self.is, shown(value)]],
    resolve(value):: [type for type in types if type.problems('', value) == []][0].resolve(value),
  },
  // One of some words.
  oneOf(words):: simple('one of ' + std.join(', ', words), function(value) std.member(words, value)),
  // From `least` to `most`, both included.
  wholeNumber(least, most=null):: simple(
    'a whole number from %d' % least + (if most == null then '' else ' to %d' % most),
    function(value) isWhole(value) && value >= least && (most == null || value <= most),
  ),
  // From `least` to `most`, both included.
  numberFrom(least, most):: simple('a number from %s to %s' % [std.format('%.10g', [bound]) for bound in [least, most]], function(value) std.isNumber(value) && value >= least && value <= most),
  portNumber:: self.wholeNumber(1, 65535),
  portName:: simple('a name of at most 15 small letters, digits and -', isPortName),
  name:: simple('a name of at most 63 small letters, digits and - that begins with a letter', isName(63)),
  shortName:: simple('a name of at most 52 small letters, digits and - that begins with a letter', isName(52)),
  host:: simple('a host name in small letters, such as web.example.com', function(value) std.isString(value) && isHost(value)),
  quantity:: simple("a quantity, such as 50m or '128Mi'", isQuantity),
  folder:: simple('an absolute path of a folder', function(value) std.isString(value) && std.startsWith(value, '/') && value != '/' && !std.endsWith(value, '/')),
  fileName:: simple('a file name of letters, digits, -, _ and .', function(value) std.isString(value) && value != '' && value != '.' && value != '..' && consistsOf(value, LOWER + std.asciiUpper(LOWER) + DIGITS + '-_.')),
  query:: simple('a query of Prometheus', function(value) std.isString(value) && std.stripChars(value, ' \n') != ''),
  word:: simple('a word of letters, digits and _', function(value) std.isString(value) && value != '' && consistsOf(value, LOWER + std.asciiUpper(LOWER) + DIGITS + '_')),
  duration:: simple("a time, such as '30s' or '5m'", function(value) std.isString(value) && std.length(value) > 1 && consistsOf(std.substr(value, 0, std.length(value) - 1), DIGITS) && std.member('smh', value[std.length(value) - 1])),
  schedule:: simple(
    "five fields of cron, or such as '@daily'",
    function(value) std.isString(value) && (std.member(['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'], value) || std.length([field for field in std.split(value, ' ') if field != '']) == 5),
  ),
  // What a dependent reads of the one that it calls.
  renderedService:: simple('a rendered Service', function(value) std.isObject(value) && std.get(value, 'kind') == 'Service'),
  // The entry of ENVS with its name; a cluster-wide part makes one of its own.
  environment:: simple('the environment, an object with a namespace', function(value) std.isObject(value) && std.isString(std.get(value, 'namespace'))),

  // A parameter that the caller owes.
  required(type, doc):: { type: type, doc: doc, isRequired: true },
  // One that may be left out. default: the value, or a function of the other parameters' values; `as` then says what it
  // is.
  optional(type, doc, default=null, as=null):: {
    type: type,
    doc: doc,
    isRequired: false,
    default:: default,
    defaultText: if as != null then as else std.manifestJsonMinified(default),
  },

  // An object with just these parameters for fields.
  record(parameters):: {
    local names = std.objectFields(parameters),
    local owed = [name for name in names if parameters[name].isRequired],
    local isGiven(value, name) = std.objectHasAll(value, name) && value[name] != null,

    is: 'an object',
    parameters: parameters,
    // The sentences about an object that was given; `path` is '' for the parameters of a component.
    problems(path, value)::
      if !std.isObject(value) then ['%s must be an object, got %s' % [path, shown(value)]]
      else [
        "unknown parameter '%s', the nearest is '%s'" % [below(path, name), below(path, nearest(name, names))]
        for name in std.objectFieldsAll(value)
        if !std.objectHas(parameters, name)
      ] + [
        'must provide ' + below(path, name)
        for name in owed
        if !isGiven(value, name)
      ] + std.flattenArrays([
        parameters[name].type.problems(below(path, name), value[name])
        for name in std.objectFieldsAll(value)
        if std.objectHas(parameters, name) && value[name] != null
      ]),
    resolve(value):: {
      local config = self,
      [name]:
        local parameter = parameters[name];
        if isGiven(value, name) then parameter.type.resolve(value[name])
        else if parameter.isRequired then error 'must provide ' + name
        else if std.isFunction(parameter.default) then parameter.default(config)
        else parameter.default
      for name in names
    },
  },

  // The seconds of a duration.
  seconds(time)::
    local last = std.length(time) - 1;
    std.parseInt(std.substr(time, 0, last)) * { s: 1, m: 60, h: 3600 }[time[last]],

  // Whether one quantity is more than another.
  isMore(one, other):: amount(one) > amount(other),
}
