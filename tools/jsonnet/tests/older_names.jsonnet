// Values that come by attributes' deprecated names; an argument of the program itself prints the text as it is.
'%s has %d' % [std.extVar('shop'), std.extVar('stock').apples]
