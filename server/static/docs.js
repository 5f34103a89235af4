// Starts Swagger UI on this server's own description; a file of its own because pages carry no inline script.
SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
