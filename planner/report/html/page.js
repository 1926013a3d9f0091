(function () {
  "use strict";
  var get = function (id) { return document.getElementById(id); };
  var all = function (selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); };

  // Details of a large plan stand in <noscript> as text, and become elements when
  // somebody opens them.
  function make(details) {
    var late = details.querySelector("noscript");
    if (!late) return;
    late.insertAdjacentHTML("beforebegin", late.textContent);
    late.remove();
  }
  document.addEventListener("toggle", function (e) {
    if (e.target.open) make(e.target);
  }, true);

  var bar = get("filters");
  if (!bar) return;
  var items = all(".l .f"); // the errors, above, always stand there
  var changes = 0;
  var texts = []; // what is searched, lower case, by item
  var facets = []; // what the filters compare, by item; undefined for what has none
  var names = ["a", "k", "r", "s"];
  var units = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&#34;": '"', "&#39;": "'", "&#43;": "+" };

  // textOf is what stands in an item, and above it.
  function textOf(item) {
    var text = item.textContent;
    var late = item.querySelector("noscript");
    if (late) text = text.replace(/<[^>]*>/g, " ").replace(/&(?:lt|gt|amp|#34|#39|#43);/g, function (u) { return units[u]; });
    var set = item.closest(".g");
    var above = set && set.querySelector("header");
    return ((above ? above.textContent : "") + " " + text).toLowerCase();
  }
  items.forEach(function (item, i) {
    if (!item.classList.contains("c")) return;
    changes++;
    facets[i] = names.map(function (n) { return " " + item.getAttribute("data-" + n) + " "; });
  });

  // The texts are read while nothing else is to do, and at the first search.
  function read(until) {
    while (texts.length < items.length && Date.now() < until) texts.push(textOf(items[texts.length]));
  }
  function later() {
    if (texts.length >= items.length) return;
    var go = function (deadline) {
      read(Date.now() + Math.max(8, deadline ? deadline.timeRemaining() : 20));
      later();
    };
    if (window.requestIdleCallback) window.requestIdleCallback(go);
    else window.setTimeout(go, 50);
  }

  // Items are hidden one by one only in pieces and lists of which some are shown.
  var pieces = all(".k");
  var above = all(".g").concat(all("section.l"));
  var pictures = all("#filters ~ .x"); // of the whole plan
  var counts = above.map(function (s) { return s.querySelector(".k") && s.querySelector("h2 .n, h3 .n"); });
  var totals = counts.map(function (n) { return n && n.textContent; });
  var height = 2.65; // rem, of a closed change
  var places = items.map(function (item) { return item.closest(".k") || item.closest("section.l"); });
  function hide(e, hidden) { if (e.hidden !== hidden) e.hidden = hidden; }

  function filter() {
    var words = (get("q").value.toLowerCase().match(/"[^"]+"|[^\s"]+/g) || []).map(function (w) { return w.replace(/"/g, ""); });
    var wanted = names.map(function (n) { return get(n).value; });
    var some = wanted.some(Boolean);
    if (words.length) read(Infinity);
    var hits = new Map();
    var shown = 0;
    var ok = items.map(function (item, i) {
      var f = facets[i];
      if (some && (!f || !wanted.every(function (w, n) { return w === "" || f[n].indexOf(" " + w + " ") >= 0; }))) return false;
      if (!words.every(function (w) { return texts[i].indexOf(w) >= 0; })) return false;
      if (f) shown++;
      hits.set(places[i], (hits.get(places[i]) || 0) + 1);
      return true;
    });
    items.forEach(function (item, i) {
      if (hits.has(places[i])) hide(item, !ok[i]);
    });
    var on = new Map(); // changes shown, by what they stand in
    pieces.forEach(function (p) {
      var n = hits.get(p);
      hide(p, !n);
      if (!n) return;
      p.style.setProperty("contain-intrinsic-height", (some || words.length ? "" : "auto ") + n * height + "rem");
      [p.parentElement, p.closest(".l")].forEach(function (s) { on.set(s, (on.get(s) || 0) + n); });
    });
    above.forEach(function (s, i) {
      hide(s, !on.has(s) && !hits.has(s));
      if (!counts[i]) return;
      var n = (on.get(s) || 0).toLocaleString("en");
      counts[i].textContent = n === totals[i] ? n : n + " of " + totals[i];
    });
    pictures.forEach(function (s) { hide(s, some || words.length > 0); });
    var start = get("changes");
    if (start.getBoundingClientRect().top < 0) start.scrollIntoView();
    get("shown").textContent = shown || !changes ? "Showing " + shown.toLocaleString("en") + " of " + changes.toLocaleString("en") + " changes" :
      "None of " + changes.toLocaleString("en") + " changes matches";
  }

  get("q").addEventListener("input", filter);
  names.forEach(function (n) { get(n).addEventListener("change", filter); });
  get("clear").addEventListener("click", function () {
    get("q").value = "";
    names.forEach(function (n) { get(n).value = ""; });
    filter();
    get("q").focus();
  });
  var most = 500; // as many as open quickly
  get("open").addEventListener("click", function () {
    var left = most;
    items.forEach(function (e, i) {
      if (facets[i] && !e.hidden && !places[i].hidden && !e.open && left-- > 0) { make(e); e.open = true; }
    });
  });
  get("close").addEventListener("click", function () {
    items.forEach(function (e, i) { if (facets[i] && e.open) e.open = false; });
  });
  if (changes > most) get("open").textContent = "Open the first " + most;
  bar.hidden = false;
  filter();
  later();
})();
