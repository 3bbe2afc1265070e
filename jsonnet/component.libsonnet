// Components: functions from checked parameters to objects by role.
local t = import 'types.libsonnet';

// Returns function(params), for a component of
//   kind: its name in messages
//   doc: what it makes and for whom
//   notes: what else is to be known, as paragraphs of Markdown
//   parameters: name → t.required or t.optional
//   roles: role → when there is such an object, as text
//   checks(config): sentences about parameters that do not fit one another
//   render(config): role → object
// The function fails with every problem of its parameters at once. Given 'describe' it returns what it is instead, from
// which docs/jsonnet.md is made.
function(component)
  local type = t.record(component.parameters);
  function(params)
    if params == 'describe' then {
      kind: component.kind,
      doc: component.doc,
      notes: component.notes,
      parameters: component.parameters,
      roles: component.roles,
    } else
      local who = component.kind + (if std.isObject(params) && std.isString(std.get(params, 'name')) then ' ' + params.name else '');
      local given = if std.isObject(params) then type.problems('', params) else ['the parameters must be an object, got ' + std.type(params)];
      local config = type.resolve(params);
      local problems = if given != [] then given else component.checks(config);
      assert problems == [] : who + ': ' + std.join('; ', problems);
      component.render(config)
