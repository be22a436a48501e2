// A classic script, so that it runs before the first paint: a remembered theme or language must not flash in late.
(function () {
  try {
    var theme = localStorage.getItem('iyagi.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    var lang = localStorage.getItem('iyagi.lang');
    if (lang === 'ko' || lang === 'en') document.documentElement.lang = lang;
  } catch (error) {
    // Storage is blocked: the system's theme and language are used.
    console.info('preferences are not remembered', error);
  }
})();
