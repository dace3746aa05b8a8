import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOf } from './best-of.ts';
import { assess, holdsFor, judge, offerOf } from './place.ts';
import { demand, GiB, hold, nodeState, nvmeGroup, options, question, rooms } from './testing.ts';

const sizedNode = (name: string, gib: number, rack?: string) =>
  nodeState(name, { rack, groups: { nvme: nvmeGroup({ size: gib * GiB, free: gib * GiB }) } });

const names = (choices: readonly { node: { name: string } }[]) => choices.map((choice) => choice.node.name);

describe('feasibility', () => {
  it('says in numbers why a node has no room, and for whom the rest is held', () => {
    const given = options([sizedNode('a', 276)]);
    given.ledger.hold([hold('data-es-7', 'a', { bytes: 64 * GiB })], 0);
    const { refused } = judge(['a'], question([demand('new', { bytes: 300 * GiB })]), given);
    expect(refused.get('a')).toEqual(['nvme: needs 300 GiB, 276 GiB free of 276 GiB; 64 GiB held for prod/data-es-7']);
  });

  it('gives every reason, not only the first', () => {
    const demands = [demand('x', { bytes: 2000 * GiB }), demand('y', { medium: 'hdd' })];
    const { refused } = judge(['a'], question(demands), options([nodeState('a')]));
    expect(refused.get('a')).toEqual([
      'hdd: the node has no volume group of this medium',
      'nvme: needs 1.95 TiB, 1000 GiB free of 1000 GiB',
    ]);
  });

  it('judges all claims of a pod together (trap 69, trap 74)', () => {
    const both = [demand('one', { bytes: 60 * GiB }), demand('two', { bytes: 60 * GiB })];
    const given = options([sizedNode('a', 100)]);
    expect(judge(['a'], question(both), given).choices).toEqual([]);
    expect(names(judge(['a'], question(both.slice(0, 1)), given).choices)).toEqual(['a']);
  });

  it('counts in whole extents: the last half extent is not room', () => {
    const group = nvmeGroup({ size: 8 * GiB, free: 8 * GiB, extentSize: GiB });
    const given = options([nodeState('a', { groups: { nvme: group } })]);
    const half = { bytes: 4 * GiB + 1 };
    expect(judge(['a'], question([demand('x', half), demand('y', half)]), given).choices).toEqual([]);
    expect(judge(['a'], question([demand('x', half)]), given).choices).toHaveLength(1);
  });

  it('takes the smaller of model and report, keeps the reserve, and is never negative', () => {
    const node = (change: object) => nodeState('a', { groups: { nvme: nvmeGroup({ size: 100 * GiB, ...change }) } });
    const fits = (change: object, gib: number) =>
      judge(['a'], question([demand('x', { bytes: gib * GiB })]), options([node(change)])).choices.length === 1;
    expect(fits({ free: 100 * GiB, ours: 90 * GiB }, 11), 'a volume not on disk yet counts').toBe(false);
    expect(fits({ free: 10 * GiB, ours: 90 * GiB }, 10), 'a volume on disk is not counted twice').toBe(true);
    expect(fits({ free: 10 * GiB, ours: 0 }, 11), 'what is on disk without an object counts').toBe(false);
    expect(fits({ free: 100 * GiB, foreign: 95 * GiB }, 6), 'volumes of others count').toBe(false);
    expect(fits({ free: 100 * GiB, reserve: 95 * GiB }, 6), 'the reserve is kept').toBe(false);
    expect(fits({ free: 0, ours: 200 * GiB, reserve: GiB }, 1)).toBe(false);
  });

  it('leaves out nodes that are out, and nodes that never reported', () => {
    const given = options([nodeState('a', { out: 'disks: the group is missing a disk' })]);
    const { refused, choices, objections } = judge(['a', 'b'], question([demand('x')]), given);
    expect(choices).toEqual([]);
    expect(refused.get('a')).toEqual(['disks: the group is missing a disk']);
    expect(refused.get('b')).toEqual(['the node has reported no disks']);
    expect([...objections]).toEqual([
      ['node-out', 1],
      ['unreported', 1],
    ]);
  });

  it('lets a pinned pod only onto the node of its volume, however full that is (trap 76)', () => {
    const pins = [{ claimKey: 'prod/data', node: 'b' }];
    const given = options([sizedNode('a', 100), sizedNode('b', 0)]);
    const { choices, refused } = judge(['a', 'b'], question([], { pins }), given);
    expect(names(choices)).toEqual(['b']);
    expect(refused.get('a')).toEqual(['the volume of prod/data is on b']);
  });

  it("does not count the pod's own earlier hold against it (trap 73)", () => {
    const given = options([sizedNode('a', 100)]);
    const pod = question([demand('x')]);
    given.ledger.hold(holdsFor(pod, judge(['a'], pod, given).choices), 0);
    expect(names(judge(['a'], pod, given).choices)).toEqual(['a']);
    expect(judge(['a'], question([demand('other', { bytes: GiB })]), given).choices).toEqual([]);
  });
});

describe('order', () => {
  it('prefers the emptiest node when spreading and the fullest that fits when concentrating', () => {
    const given = options([sizedNode('big', 900), sizedNode('mid', 500), sizedNode('small', 99)]);
    // Shares of the whole decide, so a larger node that is used more can rank lower.
    const all = ['big', 'mid', 'small'];
    expect(names(judge(all, question([demand('x')]), given).choices)).toEqual(['big', 'mid']);
    const pack = question([demand('x', { policy: 'concentrated' })]);
    expect(names(judge(all, pack, given).choices)).toEqual(['mid', 'big']);
  });

  it('concentrates on the node with the least left over all media, so that no medium is used up by itself', () => {
    const hdd = (gib: number) => nvmeGroup({ medium: 'hdd', size: 1000 * GiB, free: gib * GiB });
    const nvme = (gib: number) => nvmeGroup({ size: 1000 * GiB, free: gib * GiB });
    const given = options([
      nodeState('nvme-nearly-full', { groups: { hdd: hdd(1000), nvme: nvme(300) } }),
      nodeState('hdd-used', { groups: { hdd: hdd(200), nvme: nvme(700) } }),
      nodeState('nvme-only', { groups: { nvme: nvme(700) } }),
    ]);
    const pod = question([demand('x', { policy: 'concentrated' })]);
    const all = ['nvme-nearly-full', 'hdd-used', 'nvme-only'];
    expect(names(judge(all, pod, given).choices)).toEqual(['nvme-only', 'hdd-used', 'nvme-nearly-full']);
  });

  it('prefers idle disks where room is alike, and room over idle disks by far', () => {
    const node = (name: string, gib: number, busy?: number) =>
      nodeState(name, { groups: { nvme: nvmeGroup({ free: gib * GiB, busy }) } });
    const given = options([
      node('busy', 900, 0.9),
      node('calm', 890, 0.1),
      node('unmeasured', 880),
      node('full', 150, 0),
    ]);
    const all = ['busy', 'calm', 'unmeasured', 'full'];
    const { choices } = judge(all, question([demand('x')]), given);
    expect(names(choices)).toEqual(['unmeasured', 'calm', 'busy', 'full']);
  });

  it('prefers racks, then hosts, with the fewest members, before room', () => {
    const nodes = [
      sizedNode('a1', 900, 'a'),
      sizedNode('a2', 900, 'a'),
      sizedNode('b1', 500, 'b'),
      sizedNode('c1', 400, 'c'),
    ];
    const members = [
      { member: 'prod/es-0', node: 'a1' },
      { member: 'prod/es-1', node: 'b1' },
    ];
    const pod = question([demand('x')], { application: 'es' });
    const { choices } = judge(['a1', 'a2', 'b1', 'c1'], pod, options(nodes, members));
    expect(names(choices)).toEqual(['c1', 'a2', 'a1', 'b1']);
  });

  it('counts a member once, however many volumes it has, and never the pod itself', () => {
    const nodes = [sizedNode('a', 900, 'a'), sizedNode('b', 900, 'b')];
    const members = [
      { member: 'prod/es-0', node: 'a' },
      { member: 'prod/es-0', node: 'a' },
      { member: 'prod/es-1', node: 'b' },
      { member: 'prod/pod', node: 'b' },
    ];
    const { choices } = judge(['a', 'b'], question([demand('x')], { application: 'es' }), options(nodes, members));
    expect(choices[0]?.score).toBe(choices[1]?.score);
  });

  it('counts holds as members', () => {
    const given = options([sizedNode('a', 900, 'a'), sizedNode('b', 800, 'b')]);
    given.ledger.hold([hold('es-0', 'a', { application: 'es', bytes: GiB })], 0);
    expect(names(judge(['a', 'b'], question([demand('x')], { application: 'es' }), given).choices)).toEqual(['b', 'a']);
  });

  it('prefers nodes that have room wherever undecided pods end up, and falls back to the prediction', () => {
    const given = options([sizedNode('a', 200), sizedNode('b', 150)]);
    given.ledger.hold([hold('first', 'b', { candidates: ['b', 'a'], bytes: 120 * GiB })], 0);
    const pod = question([demand('x', { bytes: 150 * GiB })]);
    const { choices, refused } = judge(['a', 'b'], pod, given);
    expect(choices.map((choice) => [choice.node.name, choice.sure])).toEqual([['a', false]]);
    expect([...refused.keys()]).toEqual(['b']);
  });
});

describe('the best of many', () => {
  it('are those a full sort would put first, for any limit', () => {
    const choice = fc.record({
      name: fc.string({ minLength: 1, maxLength: 3 }),
      sure: fc.boolean(),
      score: fc.constantFrom(0, 0.3, 0.5, 1),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(choice, { selector: ({ name }) => name }),
        fc.integer({ min: 1, max: 9 }),
        (all, limit) => {
          const given = rooms(all);
          expect(bestOf(given, limit)).toEqual(bestOf(given, Number.POSITIVE_INFINITY).slice(0, limit));
        },
      ),
    );
  });
});

describe('an offer', () => {
  const choice = (name: string, sure: boolean, score: number) => ({ name, sure, score });
  const offered = (choices: ReturnType<typeof choice>[], pod = question([demand('x')])) =>
    names(offerOf(rooms(choices), pod, { shortlist: 3, undecided: 0 }));

  it('has certain room only, or else is one node alone', () => {
    const all = [choice('a', true, 0.1), choice('b', false, 1), choice('c', true, 0.9), choice('d', true, 0)];
    expect(offered(all)).toEqual(['c', 'a']);
    expect(offered([choice('a', false, 0.1), choice('b', false, 1)])).toEqual(['b']);
    expect(offered([])).toEqual([]);
  });

  it('is the shorter the more pods are undecided and the fewer nodes are left', () => {
    const many = Array.from({ length: 60 }, (_, index) => choice(`n${index}`, true, 1));
    const lengthFor = (nodes: number, undecided: number) =>
      offerOf(rooms(many.slice(0, nodes)), question([demand('x')]), { shortlist: 16, undecided }).length;
    expect([lengthFor(60, 0), lengthFor(60, 2), lengthFor(60, 29), lengthFor(60, 1000)]).toEqual([16, 10, 1, 1]);
    expect([lengthFor(3, 0), lengthFor(1, 0)]).toEqual([2, 1]);
  });

  it('is one node for a member of an application cluster, as the next member goes by where this one is', () => {
    const pod = { ...question([demand('x')]), application: 'default/es/data' };
    expect(offered([choice('a', true, 0.1), choice('b', true, 1)], pod)).toEqual(['b']);
  });

  it('is one node where racks are binding', () => {
    const pod = question([demand('x'), demand('y', { rackSpread: 'required' })]);
    expect(offered([choice('a', true, 0.1), choice('b', true, 1)], pod)).toEqual(['b']);
  });

  it('finds the few nodes with room among thousands, for as many pods as there is room for', () => {
    const thousands = Array.from({ length: 2_000 }, (_, index) => `n${index}`);
    const few = fc.uniqueArray(fc.nat(thousands.length - 1), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(few, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 64 }), (roomy, each, shortlist) => {
        const withRoom = roomy.map((index) => `n${index}`);
        const given = options(thousands.map((name) => sizedNode(name, withRoom.includes(name) ? each * 100 : 99)));
        for (let asked = 0; asked < roomy.length * each; asked += 1) {
          const pod = question([demand(String(asked))], { podUid: `pod-${asked}` });
          const found = assess(thousands, pod, given);
          const offer = offerOf(found.rooms, pod, { shortlist, undecided: given.ledger.undecided(new Set()) });
          expect(offer.length).toBeGreaterThan(0);
          expect(withRoom).toEqual(expect.arrayContaining(names(offer)));
          given.ledger.hold(holdsFor(pod, offer), 0);
        }
        expect(assess(thousands, question([demand('late')]), given).rooms.nodes).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('never promises room twice while it is certain, whichever node the scheduler takes', () => {
    const pods = fc.array(fc.record({ gib: fc.integer({ min: 1, max: 60 }), taken: fc.nat(2) }), {
      size: 'max',
      maxLength: 12,
    });
    fc.assert(
      fc.property(pods, fc.integer({ min: 1, max: 3 }), (asked, limit) => {
        const given = options([sizedNode('a', 100), sizedNode('b', 100), sizedNode('c', 100)]);
        const used = new Map<string, number>();
        for (const [index, { gib, taken }] of asked.entries()) {
          const pod = question([demand(String(index), { bytes: gib * GiB })], { podUid: `pod-${index}` });
          const limits = { shortlist: limit, undecided: 0 };
          const offer = offerOf(assess(['a', 'b', 'c'], pod, given).rooms, pod, limits);
          if (!offer[0]?.sure) continue;
          given.ledger.hold(holdsFor(pod, offer), 0);
          const node = offer[taken % offer.length]?.node.name ?? '';
          used.set(node, (used.get(node) ?? 0) + gib);
        }
        for (const gib of used.values()) expect(gib).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe('rack-spread: required', () => {
  const required = (name: string) => demand(name, { rackSpread: 'required' });
  const nodes = [sizedNode('a', 900, 'r1'), sizedNode('b', 900, 'r2'), sizedNode('c', 0, 'r3'), nodeState('d')];

  it('refuses a rack that would get ahead by more than one, even when the emptiest rack is full', () => {
    const members = [{ member: 'prod/es-0', node: 'a' }];
    const pod = question([required('x')], { application: 'es' });
    const { choices, refused } = judge(['a', 'b', 'c', 'd'], pod, options(nodes, members));
    expect(names(choices)).toEqual(['b']);
    expect(refused.get('a')).toEqual(['racks: r1 has 1 member of this application, r2 only 0']);
    expect(refused.get('c')).toEqual(['nvme: needs 100 GiB, 0 B free of 0 B']);
    expect(refused.get('d')?.[0]).toContain('no rack label');
  });

  it('waits rather than give up the spread', () => {
    const members = [
      { member: 'prod/es-0', node: 'a' },
      { member: 'prod/es-1', node: 'b' },
    ];
    expect(
      judge(['a', 'b', 'c'], question([required('x')], { application: 'es' }), options(nodes, members)).choices,
    ).toEqual([]);
  });
});
