(function () {
  "use strict";
  var bar = document.getElementById("filters");
  if (!bar) return;
  var get = function (id) { return document.getElementById(id); };
  var items = Array.prototype.slice.call(document.querySelectorAll(".f"));
  var changes = items.filter(function (e) { return e.classList.contains("c"); });
  var texts = [];
  var wait = 0;

  // The text of every item is read once, while nothing else is to do.
  function read(until) {
    while (texts.length < items.length && Date.now() < until) {
      texts.push(items[texts.length].textContent.toLowerCase());
    }
  }
  function idle(deadline) {
    read(Date.now() + Math.max(5, deadline ? deadline.timeRemaining() : 20));
    if (texts.length < items.length) later(idle);
  }
  function later(f) {
    if (window.requestIdleCallback) window.requestIdleCallback(f);
    else window.setTimeout(f, 50);
  }

  function has(list, id) {
    var want = get(id).value;
    return want === "" || (" " + list + " ").indexOf(" " + want + " ") >= 0;
  }
  function filter() {
    var words = (get("q").value.toLowerCase().match(/"[^"]+"|[^\s"]+/g) || []).map(function (w) { return w.replace(/"/g, ""); });
    if (words.length > 0) read(Infinity);
    var shown = 0;
    items.forEach(function (e, i) {
      var ok = words.every(function (w) { return texts[i].indexOf(w) >= 0; });
      if (e.classList.contains("c")) {
        var d = e.dataset;
        ok = ok && has(d.a, "a") && has(d.k, "k") && has(d.r, "r") && has(d.s, "s");
        if (ok) shown++;
      }
      if (e.hidden === ok) e.hidden = !ok;
    });
    get("shown").textContent = "Showing " + shown.toLocaleString("en") + " of " + changes.length.toLocaleString("en") + " changes";
  }

  get("q").addEventListener("input", function () {
    window.clearTimeout(wait);
    wait = window.setTimeout(filter, 100);
  });
  ["a", "k", "r", "s"].forEach(function (id) { get(id).addEventListener("change", filter); });
  get("open").addEventListener("click", function () {
    var left = 500;
    changes.forEach(function (e) {
      if (!e.hidden && !e.open && left-- > 0) e.open = true;
    });
  });
  get("close").addEventListener("click", function () {
    changes.forEach(function (e) { if (e.open) e.open = false; });
  });
  bar.hidden = false;
  filter();
  later(idle);
})();
