/** What more than one place of the page opens: dialogs, and a tab of the settings. */
class Rooms {
  bench = $state(false);
  sweep = $state(false);
  evaluation = $state(false);
  deployment = $state(false);
  settings = $state<'Data' | 'Training' | 'Generator'>('Data');
}

export const rooms = new Rooms();
