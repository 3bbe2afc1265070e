// What a service promises, as rules of Prometheus: recorded error ratios, what is left of the budget, and alerts by how
// fast it is spent: https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts.
local t = import 'types.libsonnet';

// Bounds of the histograms of //services/kit; a test holds them against it.
local BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

// The codes of calls that failed: https://grpc.io/docs/guides/status-codes/.
local CODES = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

// Codes by which a server says that it is its own fault.
local SERVER_FAULTS = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'];

// An alert fires when `share` of the budget is spent within `hours`, and it goes on within a twelfth of them.
local BURNS = [
  { hours: 1, share: 0.02, severity: 'critical' },
  { hours: 6, share: 0.05, severity: 'critical' },
  { hours: 24, share: 0.1, severity: 'warning' },
  { hours: 72, share: 0.1, severity: 'warning' },
];
// How many times as fast as the budget allows; slower is no fault.
local factor(slo, burn) = std.max(1, burn.share * slo.days * 24 / burn.hours);

// The longest time that an objective may be over: three months.
local MOST_DAYS = 92;

// What is computed from calls, and what from the figures of five minutes that were recorded: years of them cost little.
local EXACT = ['30m', '1h', '2h', '6h'];
local SUMMED = ['1d', '3d'];

// A time in Prometheus' words: the largest unit of which there is a whole number.
local UNITS = [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]];
local timeOf(seconds) = [
  (seconds / unit[1]) + unit[0]
  for unit in UNITS
  if seconds % unit[1] == 0
][0];
local secondsOf(time) =
  local last = std.length(time) - 1;
  std.parseInt(std.substr(time, 0, last)) * [unit[1] for unit in UNITS if unit[0] == time[last]][0];

local isWindow(time) = local seconds = secondsOf(time); seconds > 0 && seconds <= 3600 && seconds % 60 == 0;

// The windows of an alert of an objective.
local longOf(slo, burn) = timeOf(secondsOf(slo.window) * burn.hours);
local shortOf(slo, burn) = timeOf(secondsOf(slo.window) * burn.hours / 12);
// Of those, what no other rule records.
local ownWindows(slo) = std.setDiff(
  std.set(std.flatMap(function(burn) [longOf(slo, burn), shortOf(slo, burn)], BURNS)),
  std.set(EXACT + SUMMED + ['5m', slo.days + 'd'])
);

local filledIn(text, values) = std.foldl(
  function(done, name) std.strReplace(done, '$' + name, values[name]), std.objectFields(values), text
);

// Numbers as Prometheus reads them, without the rest of a division: what '%.10g' makes of those that are not negative.
// go-jsonnet takes a millisecond for that and half of one for each other std.format, so texts that every service has are
// made without.
local number(value) =
  if value < 1e9 && std.floor(value) == value then '' + value
  else if value < 1e-4 || value >= 1e9 then '%.10g' % value
  else
    local places = 9 - std.floor(std.log(value) / std.log(10));
    local digits = '' + std.floor(value * std.pow(10, places) + 0.5);
    local filled = std.repeat('0', std.max(0, places + 1 - std.length(digits))) + digits;
    local whole = std.length(filled) - places;
    local fraction = std.rstripChars(std.substr(filled, whole, places), '0');
    std.substr(filled, 0, whole) + (if fraction == '' then '' else '.' + fraction);
local budget(slo) = (100 - slo.objective) / 100;

local parameters = {
  objective: t.required(t.numberFrom(50, 99.999), 'How much of all shall be good, in percent.'),
  days: t.optional(t.wholeNumber(28, MOST_DAYS), 'Over which time.', 30),
  seconds: t.optional(t.number, 'That calls are answered within this time: a bound of the histogram. Left out, that they are answered at all.'),
  methods: t.optional(t.list(t.word), 'The methods that it is about; left out, all, but of a time those alone whose calls are unary: a stream lasts as long as both sides like.', []),
  codes: t.optional(t.list(t.oneOf(CODES)), 'The codes of bad calls; not with `seconds`.', null, std.join(', ', SERVER_FAULTS)),
  errors: t.optional(t.query, 'Instead of calls: what counts as bad, one series of PromQL, with `$self` for the labels of the service and `$window` for the time.'),
  total: t.optional(t.query, 'With `errors`: what counts in all.'),
  window: t.optional(t.duration, "The longer window of its fastest alert; those of the others are 6, 24 and 72 times as long, the shorter ones a twelfth. Less than an hour is for tests, which can't wait: a few bad calls are enough then.", '1h'),
};

local SIDES = ['server', 'client'];

// The recorded series of a service level objective.
local series(config, name) = 'namespace="' + config.environment.namespace + '",service="' + config.name + '",slo="' + name + '"';

// What is bad and what there is in all, with $self and $window.
local ratioOf(slo, side) =
  local codes = if slo.codes == null then SERVER_FAULTS else slo.codes;
  local methods = if slo.methods == [] then '' else ',grpc_method=~"' + std.join('|', slo.methods) + '"';
  local calls = 'grpc_' + side;
  if slo.errors != null then { errors: '(' + slo.errors + ') or vector(0)', total: slo.total }
  else if slo.seconds == null then {
    errors: 'sum(rate(' + calls + '_handled_total{$self' + methods + ',grpc_code=~"' + std.join('|', codes) + '"}[$window])) or vector(0)',
    total: 'sum(rate(' + calls + '_handled_total{$self' + methods + '}[$window]))',
  }
  else
    // Calls that failed are the business of another objective.
    local answered = '$self' + (if methods == '' then ',grpc_type="unary"' else methods) + ',grpc_code="OK"';
    // Prometheus 3 writes whole numbers with a fraction.
    local bound = if std.floor(slo.seconds) == slo.seconds then 'le=~"' + slo.seconds + '([.]0)?"' else 'le="' + number(slo.seconds) + '"';
    local total = 'sum(rate(' + calls + '_handling_seconds_count{' + answered + '}[$window]))';
    {
      errors: 'clamp_min(' + total + ' - sum(rate(' + calls + '_handling_seconds_bucket{' + answered + ',' + bound + '}[$window])), 0)',
      total: total,
    };

local rulesOf(config, target, side, annotations) = function(name, slo)
  local namespace = config.environment.namespace;
  local labels = { namespace: namespace, service: config.name, slo: name };
  local at = '{' + series(config, name) + '}';
  local ratio = ratioOf(slo, side);
  local over(text, window) = filledIn(text, { 'self': target, window: window });
  local record(series, expr) = { record: series, expr: expr, labels: labels };
  local wholeWindow = slo.days + 'd';
  // Over a long time, of what was recorded.
  local summed(window) = record(
    'slo:error_ratio:rate' + window,
    'sum_over_time(slo:errors:rate5m' + at + '[' + window + ']) / (sum_over_time(slo:calls:rate5m' + at + '[' + window + ']) > 0)',
  );
  local often = [
    record('slo:objective:ratio', 'vector(' + number(slo.objective / 100) + ')'),
    record('slo:errors:rate5m', over(ratio.errors, '5m')),
    record('slo:calls:rate5m', over(ratio.total, '5m')),
    record('slo:error_ratio:rate5m', 'slo:errors:rate5m' + at + ' / (slo:calls:rate5m' + at + ' > 0)'),
  ] + [
    record('slo:error_ratio:rate' + window, '(' + over(ratio.errors, window) + ') / ((' + over(ratio.total, window) + ') > 0)')
    for window in EXACT + ownWindows(slo)
  ] + std.map(summed, SUMMED) + [
    local limit = number(factor(slo, burn) * budget(slo));
    local long = longOf(slo, burn);
    {
      alert: 'ErrorBudgetBurn',
      expr: 'slo:error_ratio:rate' + long + at + ' > ' + limit + ' and slo:error_ratio:rate' + shortOf(slo, burn) + at + ' > ' + limit,
      labels: labels { severity: burn.severity, window: long },
      annotations: {
        summary: config.name + " spends the budget of '" + name + "' " + number(factor(slo, burn)) + ' times as fast as it may',
        description: 'Bad within ' + long + ': {{ $value | humanizePercentage }}. What is promised: ' + number(slo.objective) + '% of all within ' + wholeWindow + ' are good.',
      } + annotations('ErrorBudgetBurn'),
    }
    for burn in BURNS
  ];
  {
    often: often,
    seldom: [
      summed(wholeWindow),
      record('slo:error_budget:spent_ratio', 'slo:error_ratio:rate' + wholeWindow + at + ' / ' + number(budget(slo))),
    ],
  };

{
  // The parameters of a service level objective.
  parameters:: parameters,

  // The longest `days` of an objective.
  mostDays:: MOST_DAYS,

  // The codes of calls that a server failed by its own fault.
  faults:: SERVER_FAULTS,

  // Returns what is wrong with an objective. path: where it is; side: whose calls there are, or 'none'.
  checks(path, slo, side)::
    local ownExpressions = slo.errors != null || slo.total != null;
    // What would be left out without a word.
    local ofCalls = [field for field in ['codes', 'methods', 'seconds'] if !std.member([null, []], slo[field])];
    local least = 100 - 100 / factor(slo, BURNS[0]);
    (if (slo.errors == null) == (slo.total == null) then [] else ['%s must have both errors and total, or neither' % path]) +
    (if !ownExpressions then [] else ['%s.%s must be left out: what is bad is said by errors and total' % [path, field] for field in ofCalls]) +
    (if ownExpressions || slo.codes == null || slo.seconds == null then [] else ['%s.codes must be left out: seconds are of calls that were answered' % path]) +
    (if slo.codes == [] then ['%s.codes must have a code, or nothing is ever bad' % path] else []) +
    (if ownExpressions || std.member(SIDES, side) then [] else ['%s must have errors and total: monitoring.calls is none' % path]) +
    (if slo.seconds == null || std.member(BOUNDS, slo.seconds) then [] else ['%s.seconds must be a bound of the histogram, which are %s, got %s' % [path, std.join(', ', std.map(number, BOUNDS)), number(slo.seconds)]]) +
    (if isWindow(slo.window) then [] else ['%s.window must be whole minutes, at most an hour, got %s' % [path, slo.window]]) +
    (if slo.objective > least then [] else ['%s.objective must be more than %s, or its fastest alert could never fire, got %s' % [path, number(least), number(slo.objective)]]),

  // Returns what is wrong with how often is looked, for an objective: a rate needs four looks to survive one that failed.
  // path: where the objective is.
  rhythm(path, slo, interval)::
    if !isWindow(slo.window) || 4 * secondsOf(interval) <= secondsOf(shortOf(slo, BURNS[0])) then []
    else ['%s.window must be at least 48 times monitoring.interval, or its fastest alert has nothing to go by, got %s and %s' % [path, slo.window, interval]],

  // Returns the rules of a service, by the names of its objectives: `often` are what alerts go by, `seldom` what reads all
  // that there is of weeks. target: the labels of its series; annotations: from the name of an alert to those that every one
  // has.
  rules(config, target, side, annotations):: std.mapWithKey(rulesOf(config, target, side, annotations), config.monitoring.slos),

  // Returns a text with the values of `$name` in it. values: name → text.
  filledIn(text, values):: filledIn(text, values),
}
