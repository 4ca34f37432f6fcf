import { afterEach, expect, it } from 'vitest';
import { setWidgetVersion } from 'strobe/display';
import { Widgets } from '../../../src/display/widgets/manager.js';
import { FrontEnd } from '../../support/front-end.js';

afterEach(() => setWidgetVersion(8));

it('opens a comm for each model, with its state and the version of the protocol', () => {
  const frontEnd = new FrontEnd();
  const widgets = new Widgets(frontEnd);
  const button = widgets.button('Go', 'play', 'go on');
  const row = widgets.row(button);
  expect(frontEnd.openings[0]).toEqual({
    target: 'jupyter.widget',
    opening: {
      data: {
        buffer_paths: [],
        state: {
          _model_module: '@jupyter-widgets/controls',
          _model_module_version: '2.0.0',
          _model_name: 'ButtonModel',
          _view_module: '@jupyter-widgets/controls',
          _view_module_version: '2.0.0',
          _view_name: 'ButtonView',
          _view_count: null,
          description: 'Go',
          icon: 'play',
          tooltip: 'go on',
        },
      },
      metadata: { version: '2.1.0' },
    },
  });
  // As @jupyter-widgets/controls names it: one view serves two models.
  expect(widgets.count('by', 1).state).toMatchObject({ _model_name: 'BoundedIntTextModel', _view_name: 'IntTextView' });
  expect(row.state['children']).toEqual([`IPY_MODEL_${button.id}`]);
});

it('is shown by a view of its model, and has text', () => {
  const button = new Widgets(new FrontEnd()).button('Go', 'play', '');
  const bundle = button[Symbol.for('Jupyter.display') as keyof typeof button] as unknown as () => unknown;
  expect(bundle.call(button)).toEqual({
    'application/vnd.jupyter.widget-view+json': { version_major: 2, version_minor: 0, model_id: button.id },
    'text/plain': 'Button widget',
  });
});

it('sends what has changed and nothing else', () => {
  const frontEnd = new FrontEnd();
  const html = new Widgets(frontEnd).html('a');
  html.set({ value: 'b' });
  html.set({ value: 'b' });
  expect(frontEnd.comms.get(html.id)?.sent).toEqual([{ method: 'update', state: { value: 'b' }, buffer_paths: [] }]);
});

it('takes over what the user changes, echoes it, and tells of clicks', () => {
  const frontEnd = new FrontEnd();
  const widgets = new Widgets(frontEnd);
  const seen: unknown[] = [];
  const slider = widgets.logSlider('lr', 0.1, [1e-4, 1]).onChange('value', (value) => seen.push(value));
  widgets.button('Go', 'play', '').onClick(() => seen.push('click'));
  frontEnd.change('lr', { value: 0.5 });
  frontEnd.click('Go');
  expect(seen).toEqual([0.5, 'click']);
  expect(slider.state).toMatchObject({ value: 0.5, min: -4, max: 0 });
  expect(frontEnd.comms.get(slider.id)?.sent).toEqual([
    { method: 'echo_update', state: { value: 0.5 }, buffer_paths: [] },
  ]);
});

it('gives a page that is opened again all states, without those that were closed', () => {
  const frontEnd = new FrontEnd();
  const widgets = new Widgets(frontEnd);
  const [stays, goes] = [widgets.html('stays'), widgets.html('goes')];
  stays.set({ value: 'changed' });
  frontEnd.comms.get(goes.id)?.hangUp();
  const control = frontEnd.connect('jupyter.widget.control');
  control.receive({ method: 'request_states' });
  const [{ states, ...rest } = {}] = control.sent;
  expect(rest).toEqual({ method: 'update_states', buffer_paths: [] });
  expect(states).toEqual({
    [stays.id]: {
      model_name: 'HTMLModel',
      model_module: '@jupyter-widgets/controls',
      model_module_version: '2.0.0',
      state: expect.objectContaining({ value: 'changed' }) as unknown,
    },
  });
});

it('answers a model that asks for its state', () => {
  const frontEnd = new FrontEnd();
  const html = new Widgets(frontEnd).html('a');
  frontEnd.comms.get(html.id)?.receive({ method: 'request_state' });
  expect(frontEnd.comms.get(html.id)?.sent).toEqual([{ method: 'update', state: html.state, buffer_paths: [] }]);
});

it('speaks to ipywidgets 7 in its own versions, without echoes', () => {
  setWidgetVersion(7);
  const frontEnd = new FrontEnd();
  const widgets = new Widgets(frontEnd);
  widgets.count('by', 1);
  expect(frontEnd.openings[0]?.opening.metadata).toEqual({ version: '2.0.0' });
  expect(frontEnd.model('by')).toMatchObject({ _model_module_version: '1.5.0', _view_module_version: '1.5.0' });
  frontEnd.change('by', { value: 3 });
  expect(frontEnd.commOf(frontEnd.model('by'))?.sent).toEqual([]);
  expect(() => setWidgetVersion(6 as never)).toThrow(/expected: 7 or 8/);
});
