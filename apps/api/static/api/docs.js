// Begins Swagger UI. A file of its own: the content security policy allows no script in the page.
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,  // or the document would be sent to a stranger
  presets: [SwaggerUIBundle.presets.apis],
});
