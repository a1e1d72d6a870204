/** What the server says (docs/protocol.md) and what the rooms of the page share. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A registered thing: its kind and its settings. */
export type KindValue = { kind: string } & { [key: string]: Json };

export interface Experiment {
  version: 1;
  data: {
    dataset: KindValue;
    features: string[];
    /** The dataset's answer, or the example itself, which is then to be rebuilt. */
    target: 'label' | 'input';
    /** Of a table: steps from its columns to numbers. */
    preparation?: KindValue[] | null;
    augmentation?: KindValue[];
    split: {
      train: number;
      validation: number;
      method?: string;
      column?: string | null;
      folds?: number | null;
      fold?: number;
      sealed?: boolean;
    };
    seed: number;
  };
  network: {
    layers: KindValue[];
    output: { activation: string | null; initializer: string; bias: number };
  };
  training: {
    loss: KindValue;
    optimizer: KindValue;
    schedule: KindValue;
    learning_rate: number;
    batch_size: number;
    l1: number;
    l2: number;
    weight_decay: number;
    clip_norm: number | null;
    early_stopping: { patience: number; min_delta: number } | null;
    rules: 'standard' | 'tf_playground';
  };
  /** A second network, which makes examples that the first tells from real ones. */
  generator?: Generator | null;
  seed: number;
}

/** Who learns in a step of a duel. */
export type Turn = 'both' | 'discriminator' | 'generator';

export interface Generator {
  latent: number;
  noise: 'normal' | 'uniform';
  layers: KindValue[];
  output: Experiment['network']['output'];
  optimizer: KindValue;
  learning_rate: number;
  updates: number;
  discriminator_updates: number;
  turn: Turn;
}

/** RFC 7396, any depth. */
export type Patch = { [key: string]: Json };

export type Status = 'paused' | 'playing' | 'seeking' | 'compiling' | 'diverged' | 'stopped';

export interface GraphLayer {
  title: string;
  kind: string;
  units: number;
  /** Of an example's output; units, channels or features last. */
  shape: number[];
  /** How much further back the layer stands whose output it takes as well; null: of none. */
  back: number | null;
  activation: string;
  params: Record<string, number[]>;
}

export type ProblemType = 'classification' | 'regression' | 'generation';
/** What an example is. */
export type Form = 'points' | 'image' | 'sequence' | 'tokens' | 'table';
export type PartName = 'train' | 'validation' | 'test';

export interface Session {
  id: string;
  secret?: string;
  experiment: Experiment;
  digest: string;
  step: number;
  epoch: number;
  end: number; // the furthest step of the run
  playing: boolean;
  speed: number | null;
  status: Status;
  message: string | null;
  graph: { inputs: string[]; layers: GraphLayer[] };
  /** The generator of a duel: where layers are counted through, its first is number `first`. */
  generator?: { latent: number; first: number; layers: GraphLayer[]; modes: number | null } | null;
  problem: ProblemType;
  form: Form;
  /** Of an example: [height, width, channels], [time, features] or [time]. */
  input_shape: number[];
  /** Of an example before its preparation, as it is drawn by hand and asked about. */
  raw_shape: number[];
  /** Of a table: what the numbers of a prepared row are called. */
  columns?: string[];
  /** Mean and deviation of answers that are a table's numbers: labels and outputs are by them. */
  scale?: [number, number];
  /** [] for one answer, [time] for one at every step. */
  label_shape: number[];
  class_names: string[];
  /** What each token is written as. */
  vocabulary: string[];
  dimensions: 0 | 1 | 2; // of a point
  classes: number;
  range: [number, number];
  domain: [number, number];
  steps_per_epoch: number;
  counts: Record<PartName, number>;
  /** Of how many examples the scores are. */
  scored: Record<PartName, number>;
  /** Whether replaying a log came to the digest that it says; null: there was none to compare. */
  reproduced: boolean | null;
  /** When the test part that there is was asked, and what it said. */
  evaluations?: Evaluation[];
}

/** What all examples of a part said of the weights at a step. time: seconds since 1970. */
export interface Evaluation {
  part: PartName;
  step: number;
  time: number;
  digest: string;
  count: number;
  loss?: number | null;
  accuracy?: number | null;
  r2?: number | null;
}

/** What was done to a run, at which step. */
export type Entry =
  | { kind: 'changed'; step: number; patch: Patch }
  | { kind: 'edited'; step: number; edit: Edit }
  | { kind: 'resumed'; step: number };

/** A run: what it began as, what was done to it, and how far it has come. */
export interface RunLog {
  version: 1;
  experiment: Experiment;
  entries: Entry[];
  step: number;
  digest: string | null;
  platform: string | null;
}

/** A decoded wire array: C order. */
export interface Tensor<A = Uint8Array | Float32Array | Uint32Array | Int16Array> {
  shape: number[];
  data: A;
}
export type Bytes = Tensor<Uint8Array>;
export type Floats = Tensor<Float32Array>;
export type Counts = Tensor<Uint32Array>;

/** Points, or of other forms the first examples of every part. */
export interface Points {
  inputs: Floats;
  labels: Floats;
  split: Bytes; // 0 train, 1 validation, 2 test
  /** Every feature over the domain: a map over [-1, 1], or in one dimension its values. */
  features: Record<string, Bytes | Floats>;
}

export interface Score {
  loss: number;
  accuracy?: number;
  r2?: number;
}

export interface Histogram {
  lo: number;
  hi: number;
  counts: Counts;
}

/** What one layer answers to one example: bytes (units, …) over [-limit, limit]. */
export interface LayerActivations {
  values: Bytes;
  limit: number;
}

/** One example on its way through the network. */
export interface Activations {
  row: number | null; // null: drawn by hand
  label: number | number[] | null;
  input: Tensor;
  outputs: Floats;
  layers: LayerActivations[];
}

export interface Mistakes {
  total: number;
  rows: Counts;
  inputs: Tensor;
  labels: Tensor<Int16Array>;
  guesses: Tensor<Int16Array>;
  sure: Floats;
}

/** What the answers would be if a column had each of the values in every row. */
export interface Dependence {
  values: Floats; // (size)
  means: Floats; // (size, outputs)
  lines: Floats; // (size, rows, outputs): of the first rows
}

/** A column over which answers are shown: its span; of categories -0.5 to their number less that. */
export interface SurfaceAxis {
  name: string;
  unit: string;
  low: number;
  high: number;
  categories: string[];
}

/** The answers all over two columns, the others fixed. */
export interface ColumnSurface {
  values: Floats; // (outputs, size, size), the top row first
  x: SurfaceAxis;
  y: SurfaceAxis;
  rows: Floats; // (n, 2): of training rows
  labels: Floats;
}

/** What came of the network at the wheel on one lane; places in metres. */
export interface LaneDriven {
  name: string;
  left: Floats; // (n, 2): its borders
  right: Floats;
  expert: Floats; // (n, 2)
  car: Floats; // (steps, 4): x, y, heading, speed; until it leaves the lane or is round
  rays: Floats; // (steps, rays), in metres
  steering: Floats; // (steps), in radians, to the left
  leaves: boolean;
  share: number; // of the lap
  metres: number;
  length: number;
  off: number; // from the middle, in the mean
}

/** A car that the network steers, or why there is none to be seen. angles: of the rays. */
export type Driven =
  | { problem: string }
  | { problem: null; angles: Floats; seconds: number; lanes: LaneDriven[] };

/** One class against the rest, at every threshold from the highest on. */
export interface Thresholds {
  truth: number;
  count: number;
  positive: number; // of the class
  /** Null where all or none are of the class. */
  roc: {
    thresholds: number[];
    true_positive_rate: number[];
    false_positive_rate: number[];
    auc: number;
  } | null;
  precision_recall: { precision: number[]; recall: number[]; average_precision: number } | null;
  /** By ranges of probability; null also where answers are no probabilities. */
  calibration: { said: number[]; true: number[]; count: number[]; brier: number } | null;
}

/** One window of a layer, and what came of it. */
export interface Window {
  layer: number;
  unit: number;
  place: [number, number];
  corner: [number, number]; // of the window, in the layer's input
  dilation: number;
  seen: Bytes; // 0 in the padding
  patch: Floats; // (rows, columns, channels)
  channel: number; // the first of them
  kernel?: Floats;
  sums?: Floats; // of the products, channel by channel
  sum?: number;
  bias?: number;
  normalized?: number | null;
  output: number;
}

/** Where a layer puts the scored examples. */
export interface Latent {
  places: Floats; // (n, 2)
  rows: Counts;
  labels: Floats;
  split: Bytes;
  share: [number, number]; // of the variance, along each axis
}

/** What a generator makes, and what is thought of it. */
export interface Generated {
  /** Of points (n, 2), of pictures (n, *input_shape). */
  values: Tensor;
  verdicts: Floats;
  /** Verdicts on the first training examples. */
  real: Floats;
  /** Where each point is pushed. */
  pushes?: Floats;
  /** due: how many points cover a cloud. */
  clouds: { centres: Floats; radius: number; counts: Counts; due: number } | null;
}

/** One made example on its way through the generator. */
export interface Forging {
  noise: Floats;
  verdict: number;
  layers: LayerActivations[];
}

/** Of the generator: its loss, and of points how they are distributed. */
export interface Forgery {
  loss: number;
  kl?: number;
  js?: number;
  modes?: number;
}

/** Raw training pictures, and what training may be given of each. */
export interface Augmented {
  inputs: Bytes; // (n, *input_shape)
  labels: Floats;
  draws: Bytes; // (n, draws, *input_shape)
  /** (n, draws, classes): what is asked for; null where it is no class. */
  targets: Floats | null;
}

export interface Views {
  surface?: { values: Bytes | Floats; range: [number, number] };
  units?: { layers: (Bytes | Floats)[] };
  weights?: { layers: (Record<string, Floats> | null)[] };
  histograms?: {
    layers: { weights: Histogram; activations: Histogram; gradients: Histogram }[];
  };
  gradients?: { norm: number; layers: number[]; dead: number[] };
  confusion?: { counts: Counts };
  thresholds?: Thresholds;
  activations?: Activations;
  inside?: Record<string, Floats>;
  saliency?: { values: Bytes; limit: number };
  mistakes?: Mistakes;
  /** By how much the loss rises when a column is dealt out anew. */
  importance?: { loss: number; rises: Floats };
  dependence?: Dependence;
  column_surface?: ColumnSurface;
  driven?: Driven;
  augmented?: Augmented;
  microscope?: Window;
  /** Of each step of what a layer reads. */
  through_time?: { norms: Floats };
  forecast?: { past: Floats; ahead: Floats };
  writing?: { texts: Tensor<Int16Array>; next: Floats; kept: Floats };
  latent?: Latent;
  generated?: Generated;
  /** (rows, columns, 2), of pictures (rows, columns, *input_shape); the first row is the lowest. */
  manifold?: { values: Tensor };
  generator_units?: { layers: (Bytes | null)[] };
  forging?: Forging;
  /** values: (size, size, *input_shape), the top row first. */
  decoded?: { values: Floats; box: [number, number, number, number] };
}

export interface Frame {
  step: number;
  epoch: number;
  end: number;
  playing: boolean;
  status: Status;
  message: string | null;
  steps_per_second: number;
  metrics: {
    train: Score;
    validation: Score | null;
    test: Score | null;
    generator?: Forgery;
  };
  views: Views;
}

/** The curve so far: columns by name, one row per sample. */
export interface Curve {
  columns: string[];
  rows: Float32Array[]; // each of columns.length
}

export type ViewRequest = { kind: string } & { [option: string]: Json };

export type Command =
  | { kind: 'play'; steps?: number }
  | { kind: 'pause' }
  | { kind: 'advance'; steps?: number; epochs?: number }
  | { kind: 'reset'; seed?: number }
  | { kind: 'speed'; epochs_per_second: number | null }
  | { kind: 'seek'; step: number }
  | { kind: 'patch'; experiment: Patch }
  | Edit;

/** A weight or bias by its place; layers count the hidden ones, then the output. */
export interface WeightRef {
  layer: number;
  param: 'w' | 'b';
  index: number[];
}

export interface Edit extends WeightRef {
  kind: 'edit';
  value: number;
}

export interface Problem {
  path: string;
  message: string;
}

/** One choice of a registry, as the schema publishes it. */
export interface Option {
  value: string;
  title: string;
  help: string;
  formula: string;
  [hint: string]: Json;
}

/** A JSON Schema node with our x- keys; open it with the helpers of forms/schema.ts. */
export type Schema = { [key: string]: Json };

/** What the page remembers that is not part of the experiment (TF Playground's view keys). */
export interface ViewSettings {
  discretize: boolean;
  showTestData: boolean;
  showValidationData: boolean;
  contours: boolean;
  surfaceClass: number | null; // one class's probability, null: the winning class
  hide: Record<string, boolean>; // by TF Playground's hide names
  hideText: boolean;
}

/** What is shown on the big plot instead of the output, while hovered (or pinned). */
export type Spotlight =
  | null
  | { type: 'unit'; layer: number; unit: number }
  /** A unit of the generator, which answers to noise and not to places of the plot. */
  | { type: 'maker'; layer: number; unit: number }
  | { type: 'feature'; name: string };

/** Which example the views of one example are about. */
export interface Example {
  part: PartName;
  index: number; // within its part
  drawn: string | null; // one drawn by hand, in base64
  forged: number; // which of the made ones is followed through the generator
  readonly request: { [option: string]: Json };
}

/**
 * The page's one store (state/lab.svelte.ts): reactive fields to read, methods to act.
 * Rooms get it with `useLab()` from state/context.ts and never talk to the wire themselves.
 */
export interface Lab {
  /**
   * `session.experiment` shows a change at once, before the server has answered (and without it
   * again if it refuses); `session.graph` and all else are the server's last word.
   */
  readonly session: Session | null;
  readonly schema: Schema | null;
  readonly frame: Frame | null; // the newest
  readonly points: Points | null;
  readonly curve: Curve;
  readonly curveVersion: number; // rises whenever the curve changed
  readonly connection: 'connecting' | 'open' | 'lost';
  readonly problems: Problem[]; // of the last refused command
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  view: ViewSettings;
  spotlight: Spotlight;
  /** The example that is looked at, where examples are no points. */
  readonly example: Example;
  drawClass: number | null; // class (or value) painted by the pointer on the surface; null: not drawing

  /** Ask for a view while the returned function has not been called. Counted; cheap to repeat. */
  want(view: ViewRequest): () => void;
  command(command: Command): Promise<boolean>; // false: refused, see problems
  /** A change of the experiment; undoable. Live drags of one control coalesce into one undo step. */
  patch(experiment: Patch, label?: string): Promise<boolean>;
  /** Set a weight or bias by hand; undoable. before: what it is now. */
  edit(ref: WeightRef, value: number, before: number): void;
  /** Replace the experiment's hidden layers (whole list, as merge patches do). */
  setLayers(layers: KindValue[], label?: string): Promise<boolean>;
  undo(): void;
  redo(): void;
  /** The step that is being gone to; null where one is. */
  readonly heading: number | null;
  /** Go to a step of the run. Of many in a row only the newest counts. */
  seek(step: number): void;
  /** A field on the screen says it, so the page need not, until the returned function is called. */
  tell(problem: Problem): () => void;
  dismissProblems(): void;
}
