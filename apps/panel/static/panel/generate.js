// What no model is asked for needs no settings about calls; and a confirmation only where something is taken away.
(() => {
  const form = document.getElementById("pedido");
  const settle = () => {
    document.getElementById("llamadas").disabled = form.elements.modo.value === "local";
    document.getElementById("confirmacion").hidden = !form.elements.reemplazar.checked;
  };
  form.addEventListener("change", settle);
  form.addEventListener("submit", () => form.querySelector("button.button").setAttribute("aria-busy", "true"));
  settle();
})();
