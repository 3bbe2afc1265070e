import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFeatures, parseFeatures } from './features.ts';
import { areaBetween, checkNote, checkPoint, contains, distanceMeters, RouteRecorder } from './routeguide.ts';

const point = (latitude: number, longitude: number) => ({
  latitudeE7: Math.round(latitude * 1e7),
  longitudeE7: Math.round(longitude * 1e7),
});

describe('distanceMeters', () => {
  const rows = [
    { name: 'is zero from a point to itself', from: point(40, -74), to: point(40, -74), meters: 0 },
    { name: 'is a degree of latitude', from: point(0, 0), to: point(1, 0), meters: 111_195 },
    { name: 'shrinks with the parallels', from: point(60, 0), to: point(60, 1), meters: 55_597 },
    { name: 'crosses the date line', from: point(0, 179.5), to: point(0, -179.5), meters: 111_195 },
    { name: 'is half a circle between the poles', from: point(90, 0), to: point(-90, 0), meters: 20_015_087 },
  ];
  for (const { name, from, to, meters } of rows) {
    test(name, () => assert.equal(Math.round(distanceMeters(from, to)), meters));
  }
});

describe('checkPoint', () => {
  test('takes the poles', () => assert.deepEqual(checkPoint(point(90, -180), 'x'), point(90, -180)));
  test('names the field that is not set', () =>
    assert.throws(() => checkPoint(undefined, 'area.low'), { message: 'area.low must be set' }));
  test('refuses a latitude beyond the pole', () =>
    assert.throws(() => checkPoint(point(90.1, 0), 'location'), /location must lie on the globe, got 901000000, 0/));
  test('refuses a longitude beyond half a turn', () =>
    assert.throws(() => checkPoint(point(0, -180.1), 'location'), /must lie on the globe/));
});

describe('areaBetween', () => {
  test('takes any two corners that face each other', () => {
    const area = { south: 1e7, north: 3e7, west: -2e7, east: 4e7 };
    assert.deepEqual(areaBetween(point(1, -2), point(3, 4)), area);
    assert.deepEqual(areaBetween(point(3, -2), point(1, 4)), area);
  });
  test('contains its edges and nothing beyond', () => {
    const area = areaBetween(point(1, 1), point(2, 2));
    assert.equal(contains(area, point(1, 2)), true);
    assert.equal(contains(area, { latitudeE7: 2e7, longitudeE7: 2e7 + 1 }), false);
  });
});

test('checkNote refuses a message of more than 1000 characters', () => {
  assert.equal(checkNote({ location: point(1, 1), message: 'a'.repeat(1000) }).message.length, 1000);
  assert.throws(() => checkNote({ location: point(1, 1), message: 'a'.repeat(1001) }), /at most 1000 .* got 1001/);
});

describe('RouteRecorder', () => {
  test('is all zeros for no points', () => {
    assert.deepEqual(new RouteRecorder().summary(), {
      pointCount: 0,
      featureCount: 0,
      distanceMeters: 0,
      elapsedSeconds: 0,
    });
  });
  test('adds up points, features, meters and seconds', () => {
    let nowMs = 5000;
    const recorder = new RouteRecorder(() => nowMs);
    recorder.add(point(0, 0), true);
    nowMs += 4000;
    recorder.add(point(1, 0), false);
    nowMs += 3000;
    recorder.add(point(0, 0), true);
    nowMs += 60_000; // What passes after the last point is no part of the route.
    assert.deepEqual(recorder.summary(), {
      pointCount: 3,
      featureCount: 2,
      distanceMeters: 222_390,
      elapsedSeconds: 7,
    });
  });
});

describe('features', () => {
  test('are about 100, each in New Jersey, at a point and with a name of its own', async () => {
    const { features } = await readFeatures();
    assert.equal(features.length, 100);
    const newJersey = areaBetween(point(38.9, -75.6), point(41.4, -73.9));
    for (const feature of features) assert.ok(contains(newJersey, feature.location), feature.name);
    assert.equal(new Set(features.map((feature) => feature.name)).size, 100);
    assert.equal(new Set(features.map((feature) => JSON.stringify(feature.location))).size, 100);
  });
  test('differ in digest when a name differs', () => {
    const one = parseFeatures('[{"name":"a","latitudeE7":1,"longitudeE7":2}]');
    const other = parseFeatures('[{"name":"b","latitudeE7":1,"longitudeE7":2}]');
    assert.notEqual(one.digest, other.digest);
  });
  test('name the entry that is wrong', () => {
    assert.throws(
      () => parseFeatures('[{"name":"a","latitudeE7":1,"longitudeE7":2},{"name":"b"}]'),
      /entry 1 must have/,
    );
    assert.throws(() => parseFeatures('{}'), /must hold an array/);
  });
});
