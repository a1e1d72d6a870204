import './language';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import DeployedPage from './deploy/DeployedPage.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app');
// what a link says is read before anything is drawn, so that nothing moves for it
if (document.getElementById('shared')) await import('./shell/markdown');
target.replaceChildren();
const deployed = document.getElementById('deployed')?.textContent;
if (deployed) {
  mount(DeployedPage, { target, props: { model: JSON.parse(deployed) } });
} else {
  mount(App, { target });
}
