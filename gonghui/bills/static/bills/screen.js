"use strict";
// A store's screen renews what it says in place; with no connection it keeps what it said and tries again.
(() => {
  const renew = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(fresh.querySelector("main"));
      document.querySelector("footer").replaceWith(fresh.querySelector("footer"));
    } catch (error) {
      // offline: the next turn asks again
    }
  };
  setInterval(renew, Number(document.documentElement.dataset.renewedAfterS) * 1000);
})();
