// One run, live. The server has drawn it as it stands; from there on the run's events (SSE) move it. Whatever a model wrote
// is put in as text, never as markup. When the connection breaks, the browser comes back by itself with the last event's id.
(() => {
  const live = JSON.parse(document.getElementById("vivo").textContent);
  const root = document.getElementById("generacion");
  const $ = (id) => document.getElementById(id);
  const skew = Date.parse(live.ahora) - Date.now();
  const now = () => Date.now() + skew;
  const figure = new Intl.NumberFormat("es-ES", { useGrouping: "always" });
  const money = new Intl.NumberFormat("es-ES", { style: "currency", currency: "EUR", maximumFractionDigits: 0, useGrouping: "always" });
  const hour = (moment) => new Date(moment).toLocaleTimeString("es-ES", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const say = (name, data = {}) => live.textos[name].replace(/\{(\w+)\}/g, (_, key) => data[key] ?? "");
  const LINES = 200;
  const asking = new Map();
  const resting = new Map();
  let state = live.estado;
  let told = 0;
  let quota = null;

  const text = (tag, words, kind = "") => {
    const made = document.createElement(tag);
    made.textContent = words;
    if (kind) made.className = kind;
    return made;
  };

  // --- what changes ------------------------------------------------------------------------------------------------

  function enter(next) {
    state = next;
    $("estado").textContent = live.estados[next];
    $("estado").className = `state state-${next}`;
    for (const part of root.querySelectorAll("[data-en]")) part.hidden = !part.dataset.en.split(" ").includes(next);
    if (next !== "en_curso") {
      asking.clear();
      $("espera").hidden = true;
    }
    $("pausar").disabled = $("cancelar").disabled = false;
    $("anuncio").textContent = live.estados[next];
  }

  function count(origins, repaired) {
    const ai = origins.ia ?? 0;
    const mended = Math.min(repaired ?? Number($("n-repaired").dataset.n ?? 0), ai);
    const parts = { untouched: ai - mended, repaired: mended, cached: origins.cache ?? 0, local: origins.aleatorio ?? 0 };
    let start = 0;
    for (const [name, number] of Object.entries(parts)) {
      const length = (100 * number) / live.cantidad;
      $(`parte-${name}`).setAttribute("x", start);
      $(`parte-${name}`).setAttribute("width", length);
      $(`n-${name}`).textContent = figure.format(number);
      start += length;
    }
    const made = Object.values(parts).reduce((sum, number) => sum + number, 0);
    $("hechos").textContent = figure.format(made);
    $("barra").setAttribute("aria-valuenow", made);
    const tenth = Math.floor((10 * made) / live.cantidad);
    if (tenth > told) $("anuncio").textContent = say("anuncio", { total: made, cantidad: live.cantidad });
    told = tenth;
  }

  function log(moment, words, bad) {
    const line = document.createElement("p");
    line.append(text("time", hour(moment)), text("span", words, bad ? "bad" : ""));
    const list = $("lineas");
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
    list.append(line);
    if (list.children.length > LINES) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  function show(vehicle) {
    const card = $("tarjeta").content.firstElementChild.cloneNode(true);
    const drawn = document.querySelector(`template[data-cuerpo="${CSS.escape(vehicle.tipo_vehiculo)}"]`)
      ?? document.querySelector('template[data-cuerpo=""]');
    const car = drawn.content.firstElementChild.cloneNode(true);
    car.setAttribute("color", live.pinturas[vehicle.color] ?? "#8b95a0");
    car.querySelector("title").textContent = say("dibujo", { tipo: vehicle.tipo_vehiculo, color: vehicle.color.toLowerCase() });
    card.querySelector(".stage").append(car);
    card.querySelector("h3").textContent = `${vehicle.marca} ${vehicle.modelo}`;
    card.querySelector(".version").textContent = vehicle.version;
    card.querySelector(".price").textContent = money.format(vehicle.precio_venta);
    const [year, distance] = card.querySelectorAll(".facts li");
    year.textContent = vehicle.anio_matricula;
    distance.textContent = `${figure.format(vehicle.kilometros)} km`;
    const origin = card.querySelector(".origin");
    origin.className = `origin origin-${vehicle.origen}`;
    origin.textContent = live.origenes[vehicle.origen] ?? vehicle.origen;
    card.classList.add("new");
    $("tarjetas").prepend(card);
    while ($("tarjetas").children.length > live.tarjetas) $("tarjetas").lastElementChild.remove();
  }

  // --- events ------------------------------------------------------------------------------------------------------

  const key = (data) => `${data.cuenta}\n${data.modelo}\n${data.lote}`;
  const changes = {
    cola: () => enter("en_cola"),
    empieza: (data) => {
      asking.clear();
      enter("en_curso");
      if (data.origenes) count(data.origenes, data.total_reparados);
    },
    cupo: (data) => { quota = data; },
    pregunta: (data) => {
      $("espera").hidden = true;
      resting.delete(`${data.cuenta}\n${data.modelo}`);
      asking.set(key(data), { model: data.modelo, since: Date.parse(data.momento) });
    },
    respuesta: (data) => {
      asking.delete(key(data));
      $("n-calls").textContent = figure.format(data.llamadas);
      $("n-failed").textContent = figure.format(data.fallidas);
      $("n-repaired").dataset.n = data.total_reparados;
      if (quota) quota = { ...quota, quedan: Math.max(quota.quedan - 1, 0) };
    },
    descanso: (data) => resting.set(`${data.cuenta}\n${data.modelo}`, { model: data.modelo, until: Date.parse(data.hasta) }),
    espera: (data) => {
      $("espera").textContent = say("espera", data);
      $("espera").hidden = false;
    },
    lote: (data) => {
      count(data.origenes);
      for (const vehicle of [...data.tarjetas].reverse()) show(vehicle);
    },
    orden: () => { $("pausar").disabled = $("cancelar").disabled = true; },
    pausa: (data) => {
      enter("interrumpida");
      $("motivo").textContent = data.motivo;
    },
    publicada: (data) => {
      if (data.origenes) count(data.origenes);
      enter("publicada");
    },
    cancelada: () => {
      count({});
      $("tarjetas").replaceChildren();
      enter("cancelada");
    },
  };

  function line(kind, data) {
    switch (kind) {
      case "respuesta": {
        if (data.fallo) return log(data.momento, say("fallo", data), true);
        return log(data.momento, say("respuesta", { ...data, utiles: data.conservados + data.reparados }), false);
      }
      case "empieza":
        return log(data.momento, say(data.de_una_vez ? "de_una_vez" : data.hechos ? "sigue" : "empieza", data), false);
      default:
        if (live.textos[kind]) log(data.momento, say(kind, data), kind === "descartado" || kind === "sin_ia");
    }
  }

  // What had happened before the page was made moves only what the server does not draw: the log, and who is asked or rests.
  const remembered = new Set(["cupo", "pregunta", "descanso", "espera"]);
  function past(kind, data) {
    line(kind, data);
    if (kind === "empieza") asking.clear();
    if (kind === "respuesta") {
      asking.delete(key(data));
      $("espera").hidden = true;
      if (quota) quota = { ...quota, quedan: Math.max(quota.quedan - 1, 0) };
    }
    if (remembered.has(kind)) changes[kind](data);
  }

  function tick() {
    const rows = [...asking.values()].sort((one, other) => one.since - other.since).slice(0, 8).map(({ model, since }) => {
      const row = document.createElement("li");
      row.append(text("span", model), text("span", say("desde", { segundos: Math.max(Math.round((now() - since) / 1000), 0) })));
      return row;
    });
    $("preguntas").replaceChildren(...(rows.length ? rows : [text("li", say("nadie"), "soft")]));
    for (const [name, { until }] of resting) if (until <= now()) resting.delete(name);
    const idle = state === "en_curso" ? [...resting.values()].sort((one, other) => one.until - other.until).slice(0, 8) : [];
    $("descansos").replaceChildren(...idle.map(({ model, until }) => {
      const row = document.createElement("li");
      row.append(text("span", model), text("span", say("faltan", { segundos: Math.ceil((until - now()) / 1000) })));
      return row;
    }));
    $("descansos-caja").hidden = idle.length === 0;
    $("cupo").hidden = !quota;
    if (quota) $("cupo").textContent = `${say("quedan", quota)} · ${hour(quota.se_repone).slice(0, 5)}`;
  }

  // --- from here on ------------------------------------------------------------------------------------------------

  for (const { tipo, datos } of live.eventos) past(tipo, datos);
  if (state !== "en_curso") asking.clear();
  told = Math.floor((10 * Number($("barra").getAttribute("aria-valuenow"))) / live.cantidad);
  $("n-repaired").dataset.n = $("n-repaired").textContent.replace(/\D/g, "");
  $("lineas").scrollTop = $("lineas").scrollHeight;
  tick();
  if (state === "publicada" || state === "cancelada") return;

  const source = new EventSource(`${root.dataset.eventos}?desde=${live.ultimo}`);
  const timer = setInterval(tick, 1000);
  for (const kind of new Set([...Object.keys(changes), ...Object.keys(live.textos)])) {
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      changes[kind]?.(data);
      line(kind, data);
      tick();
    });
  }
  source.addEventListener("open", () => root.removeAttribute("data-sin-conexion"));
  source.addEventListener("error", () => {
    if (!root.hasAttribute("data-sin-conexion")) log(new Date(now()).toISOString(), say("sin_conexion"), true);
    root.setAttribute("data-sin-conexion", "");
  });
  source.addEventListener("fin", () => {
    source.close();
    clearInterval(timer);
    tick();
  });
})();
