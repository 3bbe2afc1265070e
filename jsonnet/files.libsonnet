// Files in ConfigMaps.
local MOST_BYTES = 1048576;

local bytesOf(text) =
  // Counting the bytes of a long text takes time: letters have four at most.
  if std.length(text) * 4 <= MOST_BYTES / 16 then std.length(text) else std.length(std.encodeUTF8(text));

{
  // Returns what is wrong with files as the content of one ConfigMap. texts: name → text; binaries: name → bytes.
  checks(texts, binaries={})::
    local bytes = std.foldl(
      function(sum, name) sum + std.length(name) + bytesOf(texts[name]), std.objectFields(texts), 0
    ) + std.foldl(
      function(sum, name) sum + std.length(name) + std.length(binaries[name]), std.objectFields(binaries), 0
    );
    if bytes <= MOST_BYTES then [] else ['files must have at most %d bytes in all, got %d: put them into the image, or on a volume' % [MOST_BYTES, bytes]],

  // Returns a text that changes with `content`, for annotations of the pods that use it.
  checksum(content):: std.md5(std.manifestJsonMinified(content)),
}
