/** The page `/docs`: the API as the server's own `/openapi.json` tells it. */

// @ts-expect-error - it comes without types
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';

const { classList, dataset } = document.documentElement;
classList.toggle('dark-mode', dataset.theme === 'dark');

SwaggerUI({
  url: '/openapi.json',
  domNode: document.getElementById('docs'),
  deepLinking: true,
  validatorUrl: null, // nothing is asked of others
});
