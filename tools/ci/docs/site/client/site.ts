// What the browser runs: the switch between light and dark, the search, and buttons that copy code.
// Pages are whole without it.
import { setUpCopy } from './copy.ts';
import { setUpScrolling } from './scrolling.ts';
import { setUpSearch } from './search.ts';
import { setUpTheme } from './theme.ts';

setUpTheme();
setUpSearch();
setUpCopy();
setUpScrolling();
