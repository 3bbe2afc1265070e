// Fails: the field does not exist.
local settings = { image: 'x' };

{
  image: settings.imag,
}
