// A library for tests of the rules: imported by its path from the root, and through `imports`.
{
  text: importstr 'greeting.txt',
  // Returns a greeting for `name`.
  greet(name):: '%s, %s' % [std.stripChars(self.text, '\n'), name],
}
