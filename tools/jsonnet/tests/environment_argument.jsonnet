// Likewise, of an argument.
function(PATH) PATH
