/* The hospital's desk: the camera fills the code in and asks; typing does the same without it. */
(() => {
  const camera = document.getElementById('camera');
  const form = document.getElementById('look-form');
  if (!camera || !form || !navigator.mediaDevices) return;
  const say = document.getElementById('say');
  const canvas = document.createElement('canvas');
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  let stream = null;

  const found = (text) => {
    stream.getTracks().forEach((track) => track.stop());
    form.elements.text.value = text;
    form.submit();
  };

  const watch = () => {
    if (camera.readyState === camera.HAVE_ENOUGH_DATA && window.jsQR) {
      canvas.width = camera.videoWidth; canvas.height = camera.videoHeight;
      brush.drawImage(camera, 0, 0);
      const picture = brush.getImageData(0, 0, canvas.width, canvas.height);
      const code = window.jsQR(picture.data, picture.width, picture.height, { inversionAttempts: 'dontInvert' });
      if (code && code.data) { found(code.data); return; }
    }
    setTimeout(watch, 150);
  };

  navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
    .then((given) => { stream = given; camera.srcObject = given; return camera.play(); })
    .then(watch)
    .catch(() => { say.textContent = say.dataset.refused; });
})();
